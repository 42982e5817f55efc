import { SERVICE_NAMES } from '@order-pipeline/contracts';
import {
  createMetrics,
  createSpanRing,
  createTracing,
  limitSampling,
  NO_TRACER,
  type MetricCounter,
  type Runtime,
  type Sampler,
  type SpanSink,
  type Tracer,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { CountSpan, TracingPlan } from './settings.ts';

/** Where the services of a process record their spans. */
export interface ProcessTracing {
  /** @param service the name that its spans have */
  tracerOf(service: string): Tracer;
  /** Sends what waits, within two seconds. */
  stop(): Promise<void>;
}

interface TracingParts {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly registry: Registry;
}

const NOTHING: ProcessTracing = { tracerOf: () => NO_TRACER, stop: async () => undefined };

/** By chance, and not by the trace's id as others do it: a client may choose that. */
const createSampler = ({ exporter, ratio }: TracingPlan, runtime: Runtime): Sampler => {
  if (!exporter) return limitSampling(runtime);
  return () => ratio === 1 || (ratio > 0 && runtime.random() < ratio);
};

/** Counts what becomes of the spans of each service. */
const createSpanCount = (registry: Registry): CountSpan => {
  const counters = new Map<string, MetricCounter<'outcome'>>();
  const counterOf = (service: string): MetricCounter<'outcome'> => {
    const counter = counters.get(service) ?? createMetrics(registry, service).counter('trace_spans_total');
    counters.set(service, counter);
    return counter;
  };
  // Registered by whom it may be: it is there for who looks, also where nothing is counted.
  counterOf(SERVICE_NAMES[0]);
  return (service, outcome, amount = 1) => counterOf(service).add({ outcome }, amount);
};

const startExport = async (
  exporter: NonNullable<TracingPlan['exporter']>,
  parts: TracingParts & { readonly count: CountSpan },
) => {
  const { startOtlpExport } = await import('./otlp-exporter.ts');
  return startOtlpExport({ ...exporter, ...parts });
};

/** Opens what records spans; nothing of it is even loaded where nothing is to be recorded. */
export const openTracing = async (plan: TracingPlan, parts: TracingParts): Promise<ProcessTracing> => {
  const { runtime } = parts;
  const count = createSpanCount(parts.registry);
  if (!plan.exporter && plan.kept === 0) return NOTHING;
  const otlp = plan.exporter ? await startExport(plan.exporter, { ...parts, count }) : undefined;
  const ring = plan.kept > 0 ? createSpanRing(plan.kept) : undefined;
  const sinks = [otlp?.sink, ring?.add].filter((sink): sink is SpanSink => sink !== undefined);
  const tracerOf = createTracing({
    runtime,
    sampler: createSampler(plan, runtime),
    sink: (span) => {
      for (const sink of sinks) sink(span);
    },
    kept: ring,
  });
  return { tracerOf, stop: async () => otlp?.stop() };
};
