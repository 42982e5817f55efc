import { defaultResource, resourceFromAttributes, type Resource } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import { withTimeout, type Runtime, type SpanSink } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { createJsonExport, createProtobufExport } from './otlp-formats.ts';
import type { CountSpan, TracingPlan } from './settings.ts';

// It loads OpenTelemetry's SDK, as otlp-formats.ts does, and is loaded only where spans are sent.

/** The most spans that wait to be sent; those that come while so many wait are dropped. */
const MAX_WAITING = 16_384;
const BATCH = 512;
/** How soon a span is sent: what waits is lost with a process that is killed. */
const SEND_AFTER_MS = 1_000;
/** The longest that a stop waits for what is not sent yet. */
const FLUSH_LIMIT_MS = 2_000;

export interface OtlpOptions extends NonNullable<TracingPlan['exporter']> {
  readonly runtime: Pick<Runtime, 'uuid' | 'after' | 'monotonic'>;
  readonly logger: Logger;
  readonly count: CountSpan;
}

/** How many spans each service has: to count all of them at once takes a fraction of counting them one by one. */
const countByService = (spans: readonly ReadableSpan[]): Map<string, number> => {
  const byResource = new Map<Resource, number>();
  for (const { resource } of spans) byResource.set(resource, (byResource.get(resource) ?? 0) + 1);
  return new Map(
    [...byResource].map(([{ attributes }, amount]) => [String(attributes['service.name']), amount]),
  );
};

/** Says once that the collector does not take spans, and once that it does again. */
const createOutcome = ({ logger, count }: OtlpOptions) => {
  let isFailing = false;
  return (spans: readonly ReadableSpan[], error: Error | undefined): void => {
    const outcome = error ? 'failed' : 'exported';
    for (const [service, amount] of countByService(spans)) count(service, outcome, amount);
    if (error && !isFailing) logger.warn({ reason: error.message }, 'spans could not be exported');
    if (!error && isFailing) logger.info('spans are exported again');
    isFailing = error !== undefined;
  };
};

/** Tells what becomes of the spans that an exporter is given. */
const watched = (
  exporter: SpanExporter,
  taken: (count: number) => void,
  outcome: ReturnType<typeof createOutcome>,
): SpanExporter => ({
  export: (spans, done) => {
    taken(spans.length);
    exporter.export(spans, (result) => {
      outcome(spans, result.error);
      done(result);
    });
  },
  shutdown: () => exporter.shutdown(),
});

const createFormat = ({ endpoint, protocol, timeoutMs }: OtlpOptions) => {
  const config = { url: `${endpoint.replace(/\/+$/, '')}/v1/traces`, timeoutMillis: timeoutMs };
  return protocol === 'http/json' ? createJsonExport(config) : createProtobufExport(config);
};

/** What a collector knows each service of this process by. */
const createResources = ({ resource, runtime }: OtlpOptions) => {
  const instance = { 'service.namespace': 'order-pipeline', 'service.instance.id': runtime.uuid() };
  const known = new Map<string, Resource>();
  return (service: string): Resource => {
    const made =
      known.get(service) ??
      defaultResource().merge(resourceFromAttributes({ ...instance, ...resource, 'service.name': service }));
    known.set(service, made);
    return made;
  };
};

/**
 * Sends spans to a collector, in batches, in the background. Nobody ever waits for it: what it cannot send in time, and what
 * comes while too much waits, is dropped and counted.
 */
export const startOtlpExport = (options: OtlpOptions) => {
  const { count, runtime } = options;
  const resourceOf = createResources(options);
  let waiting = 0;
  const format = createFormat(options);
  const exporter = watched(
    format.exporter,
    (taken) => {
      waiting -= taken;
    },
    createOutcome(options),
  );
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: MAX_WAITING,
    maxExportBatchSize: BATCH,
    scheduledDelayMillis: SEND_AFTER_MS,
    exportTimeoutMillis: options.timeoutMs,
  });
  const sink: SpanSink = (span) => {
    if (waiting >= MAX_WAITING) {
      count(span.service, 'dropped');
      return;
    }
    waiting += 1;
    processor.onEnd(format.prepare(span, resourceOf(span.service)));
  };
  return {
    sink,
    /** Sends what waits, within two seconds; it never rejects. */
    stop: (): Promise<void> =>
      withTimeout(runtime, FLUSH_LIMIT_MS, processor.shutdown(), () => new Error('not sent in time')).catch(
        (error: unknown) =>
          options.logger.warn({ reason: (error as Error).message }, 'the last spans were not exported'),
      ),
  };
};
