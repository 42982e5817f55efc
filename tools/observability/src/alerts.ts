import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { RECORDED_BUDGET, recordedErrors, type Window } from './slos.ts';

/** `page`: somebody has to look now. `ticket`: somebody has to look in working hours. */
export type Severity = 'page' | 'ticket';

export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long it has to hold before it fires. */
  readonly for: string;
  readonly severity: Severity;
  /** One sentence, in Prometheus's template language. */
  readonly summary: string;
}

/** Whether an error budget is used up `rate` times as fast as it may be, over a long window and still over a short one. */
const burns = (rate: number, long: Window, short: Window): string => {
  const over = (window: Window): string =>
    `(${recordedErrors(window)} > on (slo) (${rate} * ${RECORDED_BUDGET}))`;
  return `${over(long)} and on (slo) ${over(short)}`;
};

const SLO_ALERTS: readonly Alert[] = [
  {
    name: 'ErrorBudgetBurnsFast',
    expr: burns(14.4, '1h', '5m'),
    for: '2m',
    severity: 'page',
    summary: 'The error budget of {{ $labels.slo }} for 30 days is used up within two days',
  },
  {
    name: 'ErrorBudgetBurns',
    expr: burns(6, '6h', '30m'),
    for: '15m',
    severity: 'page',
    summary: 'The error budget of {{ $labels.slo }} for 30 days is used up within five days',
  },
  {
    name: 'ErrorBudgetBurnsSlowly',
    expr: `(${burns(3, '1d', '2h')}) or (${burns(1, '3d', '6h')})`,
    for: '1h',
    severity: 'ticket',
    summary: 'The error budget of {{ $labels.slo }} does not last 30 days',
  },
];

const DAY_S = 86_400;
const JOBS = SERVICE_NAMES.join('|');
const absent = SERVICE_NAMES.map((job) => `absent(up{job="${job}"})`).join(' or ');

const PROCESS_ALERTS: readonly Alert[] = [
  {
    name: 'ServiceDown',
    // A container that has gone is no target any more.
    expr: `(max by (job) (up{job=~"${JOBS}"}) == 0) or ${absent}`,
    for: '2m',
    severity: 'page',
    summary: 'No instance of {{ $labels.job }} can be reached',
  },
  {
    name: 'InstanceDown',
    expr: `up{job=~"${JOBS}"} == 0 and on (job) (max by (job) (up{job=~"${JOBS}"}) == 1)`,
    for: '5m',
    severity: 'ticket',
    summary: 'The instance {{ $labels.instance }} of {{ $labels.job }} cannot be reached, others can',
  },
  {
    name: 'ServiceNotReady',
    expr: 'max by (service) (service_ready) == 0',
    for: '2m',
    severity: 'page',
    summary: 'No instance of {{ $labels.service }} is ready',
  },
  {
    name: 'EventLoopBlocked',
    expr: 'max by (job, instance) (nodejs_eventloop_lag_p99_seconds) > 0.5',
    for: '5m',
    severity: 'ticket',
    summary:
      'The event loop of {{ $labels.job }} ({{ $labels.instance }}) is held up for {{ $value | humanizeDuration }}',
  },
  {
    name: 'CertificateExpires',
    expr: `min by (service) (tls_certificate_not_after_timestamp_seconds) - time() < ${14 * DAY_S}`,
    for: '15m',
    severity: 'ticket',
    summary: 'The certificate of {{ $labels.service }} ends in {{ $value | humanizeDuration }}',
  },
];

const ORDER_ALERTS: readonly Alert[] = [
  {
    name: 'OrdersRefused',
    expr: 'max by (reason) (orders_load_shedding) == 1',
    for: '1m',
    severity: 'page',
    summary: 'New orders are refused: {{ $labels.reason }}',
  },
  {
    name: 'OrdersStuck',
    expr: 'max by (status, reason) (orders_stuck) > 0',
    for: '5m',
    severity: 'page',
    summary: '{{ $value }} orders are stuck in {{ $labels.status }}: {{ $labels.reason }}',
  },
  {
    name: 'OrdersOld',
    expr: 'max by (status) (orders_oldest_age_seconds) > 600',
    for: '5m',
    severity: 'ticket',
    summary: 'An order has been {{ $labels.status }} for {{ $value | humanizeDuration }}',
  },
  {
    name: 'OrderFlowStopped',
    expr: 'sum(rate(order_status_changes_total{status="PENDING"}[15m])) > 0 unless sum(rate(order_status_changes_total{status="DELIVERED"}[15m])) > 0',
    for: '5m',
    severity: 'page',
    summary: 'Orders are placed, and none has been delivered for 15 minutes',
  },
  {
    name: 'OutboxOld',
    expr: 'max(outbox_oldest_age_seconds) > 60',
    for: '2m',
    severity: 'page',
    summary: 'An event has waited for {{ $value | humanizeDuration }} to be published',
  },
  {
    name: 'OrdersOverdueForArchiving',
    // An archive a night may fail once.
    expr: `max(archive_overdue_oldest_seconds) > ${2 * DAY_S}`,
    for: '1h',
    severity: 'ticket',
    summary: 'An order should have been archived {{ $value | humanizeDuration }} ago',
  },
];

const LAG = 'sum by (group, topic) (kafka_consumer_lag{topic!~".*[.]DLQ"})';

const KAFKA_ALERTS: readonly Alert[] = [
  {
    name: 'KafkaUnreachable',
    expr: 'max(kafka_up) == 0',
    for: '1m',
    severity: 'page',
    summary: 'Kafka answers no instance of orders',
  },
  {
    name: 'KafkaPartitionsOffline',
    expr: 'max by (topic) (kafka_topic_offline_partitions) > 0',
    for: '1m',
    severity: 'page',
    summary: '{{ $value }} partitions of {{ $labels.topic }} have no leader',
  },
  {
    name: 'KafkaUnderReplicated',
    expr: 'max by (topic) (kafka_topic_under_replicated_partitions) > 0',
    for: '5m',
    severity: 'ticket',
    summary: '{{ $value }} partitions of {{ $labels.topic }} have a replica that is not in sync',
  },
  {
    name: 'ConsumerLagGrows',
    expr: `${LAG} > 1000 and deriv(${LAG}[10m:1m]) > 0`,
    for: '10m',
    severity: 'ticket',
    summary:
      '{{ $labels.group }} is {{ $value }} messages behind in {{ $labels.topic }}, and falls further behind',
  },
  {
    name: 'DeadLettersOpen',
    expr: 'max by (topic, group) (dead_letters_open) > 0',
    for: '1m',
    severity: 'ticket',
    summary:
      '{{ $value }} dead letters of {{ $labels.topic }} wait for an operator; {{ $labels.group }} failed to process them',
  },
  {
    name: 'DeadLettersPourIn',
    expr: 'sum by (topic, group) (increase(dead_letters_total[10m])) > 10',
    for: '1m',
    severity: 'page',
    summary: '{{ $labels.group }} fails to process message after message of {{ $labels.topic }}',
  },
];

const POSTGRES_ALERTS: readonly Alert[] = [
  {
    name: 'DatabaseUnreachable',
    expr: 'max by (service) (database_up) == 0',
    for: '1m',
    severity: 'page',
    summary: 'The database of {{ $labels.service }} answers none of its instances',
  },
  {
    name: 'DatabasePoolExhausted',
    expr: 'max by (service) (avg_over_time(database_pool_pending_requests[5m])) > 5',
    for: '5m',
    severity: 'ticket',
    summary: 'Statements of {{ $labels.service }} wait for a free connection to its database',
  },
  {
    name: 'PostgresConnectionsHigh',
    expr: 'max by (service) (postgres_connections) / max by (service) (postgres_max_connections) > 0.8',
    for: '5m',
    severity: 'ticket',
    summary:
      '{{ $value | humanizePercentage }} of the connections to the PostgreSQL of {{ $labels.service }} are taken',
  },
  {
    name: 'PostgresLocksWait',
    expr: 'max by (service) (postgres_waiting_locks) > 0',
    for: '5m',
    severity: 'ticket',
    summary: 'Sessions have waited for locks in the PostgreSQL of {{ $labels.service }} for minutes',
  },
  {
    name: 'PostgresTransactionOld',
    expr: 'max by (service) (postgres_oldest_transaction_seconds) > 300',
    for: '1m',
    severity: 'ticket',
    summary: 'A transaction in the database of {{ $labels.service }} is {{ $value | humanizeDuration }} old',
  },
  {
    name: 'OutboxBloated',
    expr: 'max(postgres_table_dead_rows{service="orders",table="outbox"}) > 500000',
    for: '30m',
    severity: 'ticket',
    summary: 'The outbox has {{ $value }} dead rows that VACUUM does not remove',
  },
  {
    name: 'ReplicationSlotBehind',
    expr: 'max by (service) (postgres_replication_slot_retained_bytes) > 10737418240',
    for: '10m',
    severity: 'ticket',
    summary:
      'PostgreSQL of {{ $labels.service }} keeps {{ $value | humanize1024 }}B of log for a replication slot',
  },
];

/** Every alert, in groups of one subject. */
export const ALERT_GROUPS: Readonly<Record<string, readonly Alert[]>> = {
  slo: SLO_ALERTS,
  processes: PROCESS_ALERTS,
  orders: ORDER_ALERTS,
  kafka: KAFKA_ALERTS,
  postgresql: POSTGRES_ALERTS,
};

/** The page of an alert, as a path in the repository. */
export const runbookOf = (name: string): string =>
  `docs/runbooks/${name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}.md`;
