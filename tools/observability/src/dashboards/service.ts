import { graph, type Dashboard } from './panel.ts';

const OF = 'service=~"$service"';
/** The process has no label `service`; its job has the name. */
const JOB = 'job=~"$service"';

export const SERVICE: Dashboard = {
  uid: 'order-pipeline-service',
  title: 'Order pipeline / Service',
  variables: [{ name: 'service', metric: 'service_ready', label: 'service' }],
  rows: [
    {
      title: 'Service',
      panels: [
        graph('Instances', `count by (job) (up{${JOB}} == 1)`, '{{job}}'),
        graph('Ready', `sum by (service) (service_ready{${OF}})`, '{{service}}'),
        graph(
          'Versions',
          `count by (service, version) (order_pipeline_build_info{${OF}})`,
          '{{service}} {{version}}',
        ),
        graph(
          'Life of certificates that is left',
          `min by (service) (tls_certificate_not_after_timestamp_seconds{${OF}}) - time()`,
          '{{service}}',
          { unit: 's' },
        ),
      ],
    },
    {
      title: 'HTTP',
      panels: [
        graph(
          'Requests a second, by route',
          `sum by (method, route) (rate(http_request_duration_seconds_count{${OF}}[$__rate_interval]))`,
          '{{method}} {{route}}',
          { unit: 'reqps' },
        ),
        graph(
          'Answers with 5xx a second',
          `sum by (service, route, status) (rate(http_request_duration_seconds_count{${OF},status=~"5.."}[$__rate_interval]))`,
          '{{service}} {{route}} {{status}}',
          { unit: 'reqps' },
        ),
        graph(
          'Time of answers, p99',
          `histogram_quantile(0.99, sum by (le, service, method, route) (rate(http_request_duration_seconds_bucket{${OF}}[$__rate_interval])))`,
          '{{service}} {{method}} {{route}}',
          { unit: 's' },
        ),
        graph(
          'Time for which requests were held, median',
          `histogram_quantile(0.5, sum by (le, service, route) (rate(http_hold_duration_seconds_bucket{${OF}}[$__rate_interval])))`,
          '{{service}} {{route}}',
          {
            description:
              'The lives of streams of events, and waits for orders: no part of the time of answers.',
            unit: 's',
          },
        ),
        graph(
          'Connections that were ended, a second',
          `sum by (service, reason) (rate(http_connections_ended_total{${OF}}[$__rate_interval]))`,
          '{{service}}: {{reason}}',
          { unit: 'ops' },
        ),
      ],
    },
    {
      title: 'Traces',
      panels: [
        graph(
          'Spans of sampled traces, a second',
          `sum by (service, outcome) (rate(trace_spans_total{${OF}}[$__rate_interval]))`,
          '{{service}} {{outcome}}',
          { unit: 'ops' },
        ),
      ],
    },
    {
      title: 'Process',
      panels: [
        graph(
          'Processor',
          `rate(process_cpu_seconds_total{${JOB}}[$__rate_interval])`,
          '{{job}} {{instance}}',
          { unit: 'percentunit' },
        ),
        graph('Resident memory', `process_resident_memory_bytes{${JOB}}`, '{{job}} {{instance}}', {
          unit: 'bytes',
        }),
        graph('Heap in use', `nodejs_heap_size_used_bytes{${JOB}}`, '{{job}} {{instance}}', {
          unit: 'bytes',
        }),
        graph('Event loop, p99', `nodejs_eventloop_lag_p99_seconds{${JOB}}`, '{{job}} {{instance}}', {
          unit: 's',
        }),
        graph(
          'Garbage collection',
          `sum by (job, instance) (rate(nodejs_gc_duration_seconds_sum{${JOB}}[$__rate_interval]))`,
          '{{job}} {{instance}}',
          { unit: 'percentunit' },
        ),
        graph('Open files', `process_open_fds{${JOB}}`, '{{job}} {{instance}}'),
      ],
    },
    {
      title: 'Database connections',
      panels: [
        graph(
          'Open',
          `sum by (service, instance, state) (database_pool_connections{${OF}})`,
          '{{service}} {{instance}} {{state}}',
        ),
        graph(
          'Statements that wait for one',
          `sum by (service, instance) (database_pool_pending_requests{${OF}})`,
          '{{service}} {{instance}}',
        ),
        graph(
          'Share of the pool in use',
          `sum by (service) (database_pool_connections{${OF},state="in_use"}) / sum by (service) (database_pool_max_connections{${OF}})`,
          '{{service}}',
          { unit: 'percentunit' },
        ),
      ],
    },
  ],
};
