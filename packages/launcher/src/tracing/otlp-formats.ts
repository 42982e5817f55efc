import { SpanKind, SpanStatusCode, TraceFlags, type HrTime, type SpanContext } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Attributes, SpanRecord, Trace } from '@order-pipeline/service-kit';
import { createSpanEncoder, encodeRequest, type ServiceSpans } from './otlp-protobuf.ts';

/** Where spans are sent, and how long that may take. */
export interface ExportConfig {
  readonly url: string;
  readonly timeoutMillis: number;
}

/** One of the ways in which spans are sent. */
export interface ExportFormat {
  /** Makes of a span what waits to be sent. */
  prepare(span: SpanRecord, resource: Resource): ReadableSpan;
  /** Sends what was prepared. */
  readonly exporter: SpanExporter;
}

const MS_A_SECOND = 1_000;
const NS_A_MS = 1e6;

/** OpenTelemetry's time: seconds and nanoseconds. */
const hrTime = (ms: number): HrTime => [
  Math.floor(ms / MS_A_SECOND),
  Math.round((ms % MS_A_SECOND) * NS_A_MS),
];

const contextOf = ({ traceId, spanId }: Trace): SpanContext => ({
  traceId,
  spanId,
  traceFlags: TraceFlags.SAMPLED,
});

const SCOPE = { name: 'order-pipeline' };

/** A span as OpenTelemetry's SDK has it. */
export const readable = (span: SpanRecord, resource: Resource): ReadableSpan => ({
  name: span.name,
  kind: SpanKind[span.kind],
  spanContext: () => contextOf(span),
  ...(span.parentId === undefined
    ? {}
    : { parentSpanContext: contextOf({ traceId: span.traceId, spanId: span.parentId }) }),
  startTime: hrTime(span.startMs),
  endTime: hrTime(span.endMs),
  duration: hrTime(span.endMs - span.startMs),
  status: { code: span.failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
  attributes: span.attributes,
  links: span.links.map((link) => ({ context: contextOf(link) })),
  events: [],
  ended: true,
  resource,
  instrumentationScope: SCOPE,
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
});

/** In JSON, as OpenTelemetry's SDK writes it. */
export const createJsonExport = (config: ExportConfig): ExportFormat => ({
  prepare: readable,
  exporter: new OTLPTraceExporter(config),
});

const SAMPLED = { traceFlags: TraceFlags.SAMPLED } as SpanContext;

/** Of a span that waits the SDK asks whether it is sampled, and of its resource whether all of that is known. */
class EncodedSpan {
  readonly resource: Resource;
  readonly bytes: Uint8Array;

  constructor(resource: Resource, bytes: Uint8Array) {
    this.resource = resource;
    this.bytes = bytes;
  }

  spanContext(): SpanContext {
    return SAMPLED;
  }
}

const byService = (spans: readonly EncodedSpan[]): ServiceSpans[] => {
  const services = new Map<Resource, Uint8Array[]>();
  for (const { resource, bytes } of spans) {
    const known = services.get(resource);
    if (known) known.push(bytes);
    else services.set(resource, [bytes]);
  }
  return [...services].map(([{ attributes }, ofService]) => ({
    attributes: attributes as Attributes,
    spans: ofService,
  }));
};

/** In protobuf, which each span is written in when it ends: so little of it waits. */
export const createProtobufExport = (config: ExportConfig): ExportFormat => {
  const encode = createSpanEncoder();
  const delegate = createOtlpHttpExportDelegate(
    convertLegacyHttpOptions(config, 'TRACES', 'v1/traces', { 'Content-Type': 'application/x-protobuf' }),
    {
      // They are those that were prepared.
      serializeRequest: (spans: readonly ReadableSpan[]) =>
        encodeRequest(byService(spans as readonly unknown[] as readonly EncodedSpan[]), SCOPE.name),
      deserializeResponse: (bytes) => ProtobufTraceSerializer.deserializeResponse(bytes),
    },
    'otlp_http_span_exporter',
    TraceExporterMetricsHelper,
    undefined,
  );
  return {
    // The SDK asks it for nothing else.
    prepare: (span, resource) => new EncodedSpan(resource, encode(span)) as unknown as ReadableSpan,
    exporter: new OTLPExporterBase(delegate),
  };
};
