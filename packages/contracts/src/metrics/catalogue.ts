import { ARCHIVE_METRICS } from './archive-metrics.ts';
import type { MetricDefinition, MetricType } from './definition.ts';
import { KAFKA_METRICS } from './kafka-metrics.ts';
import { ORDER_METRICS } from './order-metrics.ts';
import { POSTGRES_METRICS } from './postgres-metrics.ts';
import { SERVICE_METRICS } from './service-metrics.ts';

/**
 * Every metric that services report of themselves, by its name. A service can record no other one; alert rules and
 * dashboards name no other ones, but those of the process that prom-client brings.
 */
export const METRICS = {
  ...ORDER_METRICS,
  ...ARCHIVE_METRICS,
  ...KAFKA_METRICS,
  ...SERVICE_METRICS,
  ...POSTGRES_METRICS,
} as const;

type Metric = keyof typeof METRICS;
/** The names of the metrics of a type. */
export type MetricName<T extends MetricType = MetricType> = {
  [N in Metric]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[Metric];
/** The names of the labels of a metric, beside `service`. */
export type MetricLabel<N extends MetricName> = keyof (typeof METRICS)[N]['labels'] & string;

/** The definition of a metric. */
export const metricOf = (name: MetricName): MetricDefinition => METRICS[name];
