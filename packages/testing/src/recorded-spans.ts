import {
  createRuntime,
  createTracing,
  type Runtime,
  type Sampler,
  type SpanRecord,
  type Tracer,
} from '@order-pipeline/service-kit';

/** Tracers whose spans a test looks at. */
export interface RecordedSpans {
  readonly spans: readonly SpanRecord[];
  tracerOf(service: string): Tracer;
}

/** Records every span; every request is sampled, if no sampler says otherwise. */
export const recordSpans = (
  options: { readonly runtime?: Runtime; readonly sampler?: Sampler } = {},
): RecordedSpans => {
  const { runtime = createRuntime(), sampler = () => true } = options;
  const spans: SpanRecord[] = [];
  return { spans, tracerOf: createTracing({ runtime, sampler, sink: (span) => void spans.push(span) }) };
};
