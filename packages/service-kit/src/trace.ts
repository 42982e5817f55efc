import type { Runtime } from './runtime.ts';

/** A W3C trace context: which trace this belongs to, and which step of it this is. */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

// Version 00 ends with its flags, later ones may go on; there is no version ff. No id is all zeros.
const TRACEPARENT =
  /^(?:00(?=.{53}$)|(?!00|ff)[0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/**
 * The next step of the trace that a `traceparent` header names, or the first step of a new one where there is none or
 * it is malformed (https://www.w3.org/TR/trace-context/).
 */
export const continueTrace = (traceparent: unknown, runtime: Pick<Runtime, 'hex'>): Trace => {
  const isValid = typeof traceparent === 'string' && TRACEPARENT.test(traceparent);
  return { traceId: isValid ? traceparent.slice(3, 35) : runtime.hex(16), spanId: runtime.hex(8) };
};

/** The `traceparent` header of a trace. */
export const traceparent = (trace: Trace): string => `00-${trace.traceId}-${trace.spanId}-01`;
