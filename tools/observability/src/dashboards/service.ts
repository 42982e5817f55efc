import type { Dashboard } from './panel.ts';

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
        { title: 'Instances', queries: [{ expr: `count by (job) (up{${JOB}} == 1)`, legend: '{{job}}' }] },
        {
          title: 'Ready',
          queries: [{ expr: `sum by (service) (service_ready{${OF}})`, legend: '{{service}}' }],
        },
        {
          title: 'Versions',
          queries: [
            {
              expr: `count by (service, version) (order_pipeline_build_info{${OF}})`,
              legend: '{{service}} {{version}}',
            },
          ],
        },
        {
          title: 'Life of certificates that is left',
          unit: 's',
          queries: [
            {
              expr: `min by (service) (tls_certificate_not_after_timestamp_seconds{${OF}}) - time()`,
              legend: '{{service}}',
            },
          ],
        },
      ],
    },
    {
      title: 'HTTP',
      panels: [
        {
          title: 'Requests a second, by route',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (method, route) (rate(http_request_duration_seconds_count{${OF}}[$__rate_interval]))`,
              legend: '{{method}} {{route}}',
            },
          ],
        },
        {
          title: 'Answers with 5xx a second',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (service, route, status) (rate(http_request_duration_seconds_count{${OF},status=~"5.."}[$__rate_interval]))`,
              legend: '{{service}} {{route}} {{status}}',
            },
          ],
        },
        {
          title: 'Time of answers, p99',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.99, sum by (le, service, method, route) (rate(http_request_duration_seconds_bucket{${OF}}[$__rate_interval])))`,
              legend: '{{service}} {{method}} {{route}}',
            },
          ],
        },
        {
          title: 'Time for which requests were held, median',
          description:
            'The lives of streams of events, and waits for orders: no part of the time of answers.',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.5, sum by (le, service, route) (rate(http_hold_duration_seconds_bucket{${OF}}[$__rate_interval])))`,
              legend: '{{service}} {{route}}',
            },
          ],
        },
        {
          title: 'Connections that were ended, a second',
          unit: 'ops',
          queries: [
            {
              expr: `sum by (service, reason) (rate(http_connections_ended_total{${OF}}[$__rate_interval]))`,
              legend: '{{service}}: {{reason}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Traces',
      panels: [
        {
          title: 'Spans of sampled traces, a second',
          unit: 'ops',
          queries: [
            {
              expr: `sum by (service, outcome) (rate(trace_spans_total{${OF}}[$__rate_interval]))`,
              legend: '{{service}} {{outcome}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Process',
      panels: [
        {
          title: 'Processor',
          unit: 'percentunit',
          queries: [
            {
              expr: `rate(process_cpu_seconds_total{${JOB}}[$__rate_interval])`,
              legend: '{{job}} {{instance}}',
            },
          ],
        },
        {
          title: 'Resident memory',
          unit: 'bytes',
          queries: [{ expr: `process_resident_memory_bytes{${JOB}}`, legend: '{{job}} {{instance}}' }],
        },
        {
          title: 'Heap in use',
          unit: 'bytes',
          queries: [{ expr: `nodejs_heap_size_used_bytes{${JOB}}`, legend: '{{job}} {{instance}}' }],
        },
        {
          title: 'Event loop, p99',
          unit: 's',
          queries: [{ expr: `nodejs_eventloop_lag_p99_seconds{${JOB}}`, legend: '{{job}} {{instance}}' }],
        },
        {
          title: 'Garbage collection',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum by (job, instance) (rate(nodejs_gc_duration_seconds_sum{${JOB}}[$__rate_interval]))`,
              legend: '{{job}} {{instance}}',
            },
          ],
        },
        {
          title: 'Open files',
          queries: [{ expr: `process_open_fds{${JOB}}`, legend: '{{job}} {{instance}}' }],
        },
      ],
    },
    {
      title: 'Database connections',
      panels: [
        {
          title: 'Open',
          queries: [
            {
              expr: `sum by (service, instance, state) (database_pool_connections{${OF}})`,
              legend: '{{service}} {{instance}} {{state}}',
            },
          ],
        },
        {
          title: 'Statements that wait for one',
          queries: [
            {
              expr: `sum by (service, instance) (database_pool_pending_requests{${OF}})`,
              legend: '{{service}} {{instance}}',
            },
          ],
        },
        {
          title: 'Share of the pool in use',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum by (service) (database_pool_connections{${OF},state="in_use"}) / sum by (service) (database_pool_max_connections{${OF}})`,
              legend: '{{service}}',
            },
          ],
        },
      ],
    },
  ],
};
