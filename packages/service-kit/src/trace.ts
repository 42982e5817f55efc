import type { Runtime } from './runtime.ts';

/** A W3C trace context: which trace this belongs to, and which step of it this is. */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** Whether its spans are recorded, by every process that records any; decided once, where the trace begins. Default: no */
  readonly sampled?: boolean;
}

// Version 00 ends with its flags, later ones may go on; there is no version ff. No id is all zeros.
const TRACEPARENT =
  /^(?:00(?=.{53}$)|(?!00|ff)[0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
/** Where the last digit of the flags is; its lowest bit says whether the trace is sampled. */
const FLAGS_AT = 54;

/** The trace and the step that a `traceparent` header names, if it is well-formed (https://www.w3.org/TR/trace-context/). */
export const readTraceparent = (text: unknown): Trace | undefined => {
  if (typeof text !== 'string' || !TRACEPARENT.test(text)) return undefined;
  const sampled = (Number.parseInt(text.charAt(FLAGS_AT), 16) & 1) === 1;
  return { traceId: text.slice(3, 35), spanId: text.slice(36, 52), ...(sampled ? { sampled } : {}) };
};

/** The first step of a trace of its own, of which no spans are recorded. */
export const newTrace = (runtime: Pick<Runtime, 'hex'>): Trace => ({
  traceId: runtime.hex(16),
  spanId: runtime.hex(8),
});

/**
 * The trace that a `traceparent` header of another service names, or a new one where there is none or it is malformed. Of
 * one that is sampled it is the very step that the header names, so that whatever is recorded next hangs on what was
 * recorded last, also behind a service that records nothing; of any other it is the next step.
 */
export const continueTrace = (text: unknown, runtime: Pick<Runtime, 'hex'>): Trace => {
  const given = readTraceparent(text);
  if (!given) return newTrace(runtime);
  return given.sampled ? given : { traceId: given.traceId, spanId: runtime.hex(8) };
};

/** The `traceparent` header of a trace. */
export const traceparent = ({ traceId, spanId, sampled }: Trace): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
