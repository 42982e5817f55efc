import type { Runtime } from '../runtime.ts';
import type { Trace } from '../trace.ts';
import { createSpanClock } from './span-clock.ts';

/** As OpenTelemetry has them, in its order. */
export const SPAN_KINDS = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];
/** What a span says of itself. Never what a user wrote: no names, no addresses, no bodies, no messages of errors. */
export type Attributes = Readonly<Record<string, string | number>>;

/** What has ended. */
export interface SpanRecord {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** The span that it was part of; none for the first of a trace. */
  readonly parentId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  /** Never before the start. */
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Spans of other traces that it belongs with. */
  readonly links: readonly Trace[];
  readonly failed: boolean;
}

/** Takes a span that has ended. It keeps nobody waiting and throws nothing: it is called on the way of orders. */
export type SpanSink = (span: SpanRecord) => void;

export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  /** When it began, if not now; as `Tracer.now` returns it. */
  readonly startMs?: number | undefined;
  readonly attributes?: Attributes;
  readonly links?: readonly Trace[];
}

export interface SpanEnd {
  /** A better name than it began with. */
  readonly name?: string;
  /** Beside those that it began with. */
  readonly attributes?: Attributes;
  readonly failed?: boolean;
}

/** A span that is recorded when it ends; one that never does leaves nothing behind. */
export interface Span {
  /** What its children and those that link to it name. */
  readonly trace: Trace;
  /** When it began, as `Tracer.now` returns it. */
  readonly startMs: number;
  link(to: Trace): void;
  /** Only the first end counts. */
  end(end?: SpanEnd): void;
}

/** Where a service records its spans. */
export interface Tracer {
  /** Begins a span under `parent`; none where the parent is not sampled, or nothing is recorded here. */
  begin(parent: Trace, start: SpanStart): Span | undefined;
  /** Begins a trace that is recorded, for what belongs to several others; none where nothing is recorded here. */
  beginRoot(start: SpanStart): Span | undefined;
  /** Whether to record the trace that a request from outside begins. Each call may answer otherwise. */
  samples(method: string): boolean;
  /** The spans of a trace that are kept in memory; nothing where none are ever kept. */
  spansOf(traceId: string): readonly SpanRecord[] | undefined;
  /** The time as spans have it: milliseconds since the epoch, with fractions. */
  now(): number;
}

/** Decides whether the trace that a request begins is recorded. */
export type Sampler = (method: string) => boolean;

/** Records nothing, and costs nothing. */
export const NO_TRACER: Tracer = {
  begin: () => undefined,
  beginRoot: () => undefined,
  samples: () => false,
  spansOf: () => undefined,
  now: () => 0,
};

/** Most that a span links to, as OpenTelemetry's SDK has it. */
export const MAX_LINKS = 128;

export interface TracingOptions {
  readonly runtime: Pick<Runtime, 'hex' | 'wallClock' | 'monotonic'>;
  readonly sampler: Sampler;
  readonly sink: SpanSink;
  /** What keeps them in memory, if anything does. */
  readonly kept?: { ofTrace(traceId: string): readonly SpanRecord[] } | undefined;
}

interface Recorder {
  readonly service: string;
  readonly now: () => number;
  readonly sink: SpanSink;
}

const NO_LINKS: readonly Trace[] = [];
const NO_ATTRIBUTES: Attributes = {};

const together = (one: Attributes = NO_ATTRIBUTES, other: Attributes = NO_ATTRIBUTES): Attributes =>
  one === NO_ATTRIBUTES ? other : other === NO_ATTRIBUTES ? one : { ...one, ...other };

/** A class, since one is begun for nearly every batch: an object with functions of its own costs several times as much. */
class OpenSpan implements Span {
  readonly trace: Trace;
  readonly startMs: number;
  readonly #recorder: Recorder;
  readonly #begun: SpanStart;
  readonly #parentId: string | undefined;
  #links: Trace[] | undefined;
  #isEnded = false;

  constructor(recorder: Recorder, begun: SpanStart, trace: Trace, parentId: string | undefined) {
    this.trace = trace;
    this.startMs = begun.startMs ?? recorder.now();
    this.#recorder = recorder;
    this.#begun = begun;
    this.#parentId = parentId;
    this.#links = begun.links?.slice(0, MAX_LINKS);
  }

  link(to: Trace): void {
    this.#links ??= [];
    if (this.#links.length < MAX_LINKS) this.#links.push(to);
  }

  end({ name = this.#begun.name, attributes, failed = false }: SpanEnd = {}): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { service, now, sink } = this.#recorder;
    const { trace, startMs } = this;
    sink({
      service,
      traceId: trace.traceId,
      spanId: trace.spanId,
      parentId: this.#parentId,
      name,
      kind: this.#begun.kind,
      startMs,
      endMs: Math.max(startMs, now()),
      attributes: together(this.#begun.attributes, attributes),
      links: this.#links ?? NO_LINKS,
      failed,
    });
  }
}

/**
 * Makes the tracers of a process: ids and times are the runtime's, and every span goes to one sink.
 *
 * @returns the tracer of a service, by its name
 */
export const createTracing = ({
  runtime,
  sampler,
  sink,
  kept,
}: TracingOptions): ((service: string) => Tracer) => {
  const now = createSpanClock(runtime);
  return (service) => {
    const recorder: Recorder = { service, now, sink };
    const start = (traceId: string, parentId: string | undefined, begun: SpanStart): Span =>
      new OpenSpan(recorder, begun, { traceId, spanId: runtime.hex(8), sampled: true }, parentId);
    return {
      begin: ({ traceId, spanId, sampled }, begun) => (sampled ? start(traceId, spanId, begun) : undefined),
      beginRoot: (begun) => start(runtime.hex(16), undefined, begun),
      samples: sampler,
      spansOf: (traceId) => kept?.ofTrace(traceId),
      now,
    };
  };
};
