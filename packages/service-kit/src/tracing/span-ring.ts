import type { SpanRecord, SpanSink } from './tracer.ts';

/** The latest spans of a process, a bounded number of them. */
export interface SpanRing {
  readonly add: SpanSink;
  /** The spans of a trace that are still kept, in the order in which they ended. */
  ofTrace(traceId: string): readonly SpanRecord[];
}

/** The part of the room that one trace may take; its later spans are not kept. */
const MOST_OF_ONE_TRACE = 10;

/**
 * Keeps spans until there is no room for more; then the trace that began first goes, as a whole: half a trace would say what
 * is not so.
 *
 * @param limit how many spans
 */
export const createSpanRing = (limit: number): SpanRing => {
  const byTrace = new Map<string, SpanRecord[]>();
  const mostOfOne = Math.ceil(limit / MOST_OF_ONE_TRACE);
  let size = 0;
  const makeRoom = (): void => {
    const [oldest] = byTrace;
    if (!oldest) return;
    byTrace.delete(oldest[0]);
    size -= oldest[1].length;
  };
  return {
    add: (span) => {
      const known = byTrace.get(span.traceId);
      if (known && known.length >= mostOfOne) return;
      if (size >= limit) makeRoom();
      const spans = byTrace.get(span.traceId);
      if (spans) spans.push(span);
      else byTrace.set(span.traceId, [span]);
      size += 1;
    },
    ofTrace: (traceId) => byTrace.get(traceId) ?? [],
  };
};
