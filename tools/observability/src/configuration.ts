import { SERVICE_NAMES, type ServiceName } from '@order-pipeline/contracts';
import type { Pace } from './rules.ts';

/** `METRICS_PORT` in docker-compose.yml. */
const METRICS_PORT = 9464;

/** Where a service is found in the networks of docker-compose.yml; the facade is in two of them, and has a name for this. */
const hostOf = (service: ServiceName): string =>
  service === 'orders-facade' ? 'orders-facade.metrics' : service;

/** Prometheus in docker-compose.yml: each instance of each service is a target, however many there are. */
export const createPrometheusConfiguration = ({ scrapeInterval }: Pace) => ({
  global: { scrape_interval: scrapeInterval, evaluation_interval: scrapeInterval },
  rule_files: ['/etc/prometheus/rules.yml'],
  alerting: { alertmanagers: [{ static_configs: [{ targets: ['alertmanager:9093'] }] }] },
  scrape_configs: SERVICE_NAMES.map((service) => ({
    job_name: service,
    dns_sd_configs: [
      { names: [hostOf(service)], type: 'A', port: METRICS_PORT, refresh_interval: scrapeInterval },
    ],
  })),
});

/** Alertmanager, as an example: it sends nothing until a receiver has a configuration. */
export const createAlertmanagerConfiguration = ({ holdFor }: Pace) => ({
  route: {
    receiver: 'ticket',
    group_by: ['alertname', 'service', 'job', 'topic'],
    group_wait: holdFor ?? '30s',
    group_interval: '5m',
    repeat_interval: '4h',
    routes: [{ matchers: ['severity = page'], receiver: 'page', repeat_interval: '1h' }],
  },
  inhibit_rules: [
    {
      source_matchers: ['alertname = KafkaUnreachable'],
      target_matchers: ['alertname =~ "OutboxOld|OrdersOld|OrderFlowStopped|ConsumerLagGrows"'],
    },
    {
      source_matchers: ['alertname = ErrorBudgetBurnsFast'],
      target_matchers: ['alertname =~ "ErrorBudgetBurns|ErrorBudgetBurnsSlowly"'],
      equal: ['slo'],
    },
  ],
  receivers: [{ name: 'page' }, { name: 'ticket' }],
});
