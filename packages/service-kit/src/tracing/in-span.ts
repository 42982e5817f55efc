import { failedWith } from './conventions.ts';
import type { Span } from './tracer.ts';

/** Does work and ends its span with it, as failed if it throws. */
export const inSpan = async <T>(span: Span | undefined, work: () => Promise<T>): Promise<T> => {
  if (!span) return work();
  try {
    const result = await work();
    span.end();
    return result;
  } catch (error) {
    span.end(failedWith(error));
    throw error;
  }
};

/** The spans of what is done at once, and a span of a trace of its own for the whole: each links to the other. */
export const linkBatch = (batch: Span | undefined, spans: Iterable<Span>): void => {
  if (!batch) return;
  for (const span of spans) {
    span.link(batch.trace);
    batch.link(span.trace);
  }
};
