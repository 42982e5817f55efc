import type { MetricDefinition } from './definition.ts';
import { DATABASE_NAMES } from '../service-names.ts';

/** What every service reports: HTTP, its own state, and its database where it has one. */
export const SERVICE_METRICS = {
  http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the arrival of a request to the end of its answer.',
    unit: 'seconds',
    labels: { method: 'method', route: 'route', status: 'httpStatus' },
    services: 'all',
    scope: 'instance',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  },
  http_connections_ended_total: {
    type: 'counter',
    help: 'Connections that the server ended because a limit was reached or the client did not read its answer.',
    unit: 'connections',
    labels: { reason: 'connectionEnd' },
    services: 'all',
    scope: 'instance',
  },
  service_ready: {
    type: 'gauge',
    help: '1 while the process is ready to serve, 0 otherwise, as GET /health/ready answers.',
    unit: 'boolean',
    labels: {},
    services: 'all',
    scope: 'instance',
  },
  order_pipeline_build_info: {
    type: 'gauge',
    help: 'Always 1; the label tells which version runs.',
    unit: 'boolean',
    labels: { version: 'version' },
    services: 'all',
    scope: 'instance',
  },
  trace_spans_total: {
    type: 'counter',
    help: 'Spans of sampled traces: sent to the collector, refused by it, or dropped because too many waited.',
    unit: 'spans',
    labels: { outcome: 'spanOutcome' },
    services: 'all',
    scope: 'instance',
  },
  database_pool_connections: {
    type: 'gauge',
    help: 'Open connections of the instance to its database.',
    unit: 'connections',
    labels: { state: 'connectionState' },
    services: DATABASE_NAMES,
    scope: 'instance',
  },
  database_pool_pending_requests: {
    type: 'gauge',
    help: 'Statements of the instance that wait for a free connection to its database.',
    unit: 'statements',
    labels: {},
    services: DATABASE_NAMES,
    scope: 'instance',
  },
  database_pool_max_connections: {
    type: 'gauge',
    help: 'The most connections that the instance opens to its database.',
    unit: 'connections',
    labels: {},
    services: DATABASE_NAMES,
    scope: 'instance',
  },
  order_waiters: {
    type: 'gauge',
    help: 'Requests that wait for an order at this instance; from 10,000 on none is held any more.',
    unit: 'requests',
    labels: {},
    services: ['api-gateway'],
    scope: 'instance',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;
