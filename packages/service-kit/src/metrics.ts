import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The metrics of one service; every one bears the label `service`. */
export interface Metrics {
  counter<L extends string>(name: string, help: string, labels: readonly L[]): MetricCounter<L>;
  histogram<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    buckets: readonly number[],
  ): MetricHistogram<L>;
  gauge<L extends string>(name: string, help: string, labels: readonly L[]): MetricGauge<L>;
}

export interface MetricCounter<L extends string> {
  add(labels: Readonly<Record<L, string>>, by?: number): void;
}
export interface MetricHistogram<L extends string> {
  observe(labels: Readonly<Record<L, string>>, value: number): void;
}
export interface MetricGauge<L extends string> {
  set(labels: Readonly<Record<L, string>>, value: number): void;
}

/** The metrics of `service` in the registry of its process, which services of one process share. */
export const createMetrics = (registry: Registry, service: string): Metrics => {
  const once = <M>(name: string, make: () => M): M =>
    (registry.getSingleMetric(name) as M | undefined) ?? make();
  return {
    counter: (name, help, labels) => {
      const metric = once(
        name,
        () => new Counter({ name, help, labelNames: ['service', ...labels], registers: [registry] }),
      );
      return { add: (values, by = 1) => metric.inc({ service, ...values }, by) };
    },
    histogram: (name, help, labels, buckets) => {
      const metric = once(
        name,
        () =>
          new Histogram({
            name,
            help,
            labelNames: ['service', ...labels],
            buckets: [...buckets],
            registers: [registry],
          }),
      );
      return { observe: (values, value) => metric.observe({ service, ...values }, value) };
    },
    gauge: (name, help, labels) => {
      const metric = once(
        name,
        () => new Gauge({ name, help, labelNames: ['service', ...labels], registers: [registry] }),
      );
      return { set: (values, value) => metric.set({ service, ...values }, value) };
    },
  };
};
