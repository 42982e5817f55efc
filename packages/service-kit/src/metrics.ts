import { metricOf, type MetricLabel, type MetricName } from '@order-pipeline/contracts';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Trace } from './trace.ts';

/** The metrics of one service, as contracts define them; every one has the label `service`. */
export interface Metrics {
  counter<N extends MetricName<'counter'>>(name: N): MetricCounter<MetricLabel<N>>;
  histogram<N extends MetricName<'histogram'>>(name: N): MetricHistogram<MetricLabel<N>>;
  gauge<N extends MetricName<'gauge'>>(name: N): MetricGauge<MetricLabel<N>>;
}

export interface MetricCounter<L extends string> {
  add(labels: Readonly<Record<L, string>>, by?: number): void;
}
export interface MetricHistogram<L extends string> {
  /** Where `trace` is sampled, it is the exemplar of the value's bucket: what was measured last can be looked at. */
  observe(labels: Readonly<Record<L, string>>, value: number, trace?: Trace): void;
}
export interface MetricGauge<L extends string> {
  set(labels: Readonly<Record<L, string>>, value: number): void;
  /** Reports nothing any more until it is set again. */
  unset(labels: Readonly<Record<L, string>>): void;
  /** Has `measure` set it whenever somebody asks for the metrics; a failure of it leaves the gauge as it was. */
  whenAsked(measure: () => Promise<void> | void): void;
}

const GLOBAL = 'Every instance reports the same: take the maximum.';

const configOf = (registry: Registry, name: MetricName) => {
  const { help, labels, scope } = metricOf(name);
  return {
    name,
    help: scope === 'global' ? `${help} ${GLOBAL}` : help,
    labelNames: ['service', ...Object.keys(labels)],
    registers: [registry],
  };
};

type Measure = () => Promise<void> | void;
const measuresOf = new WeakMap<object, Measure[]>();

const createGauge = (registry: Registry, name: MetricName): Gauge => {
  const measures: Measure[] = [];
  const gauge = new Gauge({
    ...configOf(registry, name),
    collect: async () => {
      await Promise.allSettled(measures.map(async (measure) => measure()));
    },
  });
  measuresOf.set(gauge, measures);
  return gauge;
};

/** Registered by hand: prom-client takes exemplars only in registries that speak OpenMetrics alone. */
const createHistogram = (registry: Registry, name: MetricName): Histogram => {
  const { buckets = [] } = metricOf(name);
  const config = { ...configOf(registry, name), registers: [], buckets: [...buckets] };
  const histogram = new Histogram({ ...config, enableExemplars: true });
  registry.registerMetric(histogram);
  return histogram;
};

const exemplarOf = (trace: Trace | undefined) =>
  trace?.sampled ? { exemplarLabels: { trace_id: trace.traceId, span_id: trace.spanId } } : {};

/** The metrics of `service` in the registry of its process, which services of one process share. */
export const createMetrics = (registry: Registry, service: string): Metrics => {
  const once = <M>(name: string, make: () => M): M =>
    (registry.getSingleMetric(name) as M | undefined) ?? make();
  return {
    counter: (name) => {
      const metric = once(name, () => new Counter(configOf(registry, name)));
      return { add: (labels, by = 1) => metric.inc({ service, ...labels }, by) };
    },
    histogram: (name) => {
      const metric = once(name, () => createHistogram(registry, name));
      return {
        observe: (labels, value, trace) =>
          metric.observe({ labels: { service, ...labels }, value, ...exemplarOf(trace) }),
      };
    },
    gauge: (name) => {
      const metric = once(name, () => createGauge(registry, name));
      return {
        set: (labels, value) => metric.set({ service, ...labels }, value),
        unset: (labels) => metric.remove({ service, ...labels }),
        whenAsked: (measure) => void measuresOf.get(metric)?.push(measure),
      };
    },
  };
};
