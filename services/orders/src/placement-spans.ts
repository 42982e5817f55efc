import {
  databaseSpan,
  inSpan,
  linkBatch,
  NO_TRACER,
  ordersSpan,
  type CallContext,
  type Span,
  type Tracer,
} from '@order-pipeline/service-kit';

interface Placed {
  readonly call: CallContext;
  readonly span?: Span | undefined;
}

/**
 * Does the work of a batch, recorded as a whole in a trace of its own, if the trace of one of its orders is sampled.
 *
 * @param work is given the call by which it asks others for all of them
 * @param nothing the result for no requests
 */
export const inBatchTrace = async <R>(
  tracer: Tracer = NO_TRACER,
  requests: readonly Placed[],
  work: (call: CallContext) => Promise<R>,
  nothing: R,
): Promise<R> => {
  const first = requests[0]?.call;
  if (!first) return nothing;
  const spans = requests.flatMap(({ span }) => span ?? []);
  const batch = spans.length > 0 ? tracer.beginRoot(ordersSpan('place batch', requests.length)) : undefined;
  linkBatch(batch, spans);
  // What is asked for several orders belongs to the trace of none of them.
  const { traceId, spanId } = first.trace;
  return inSpan(batch, () => work({ ...first, trace: batch?.trace ?? { traceId, spanId } }));
};

/** Stores orders, recorded as a part of `call`. */
export const inInsertSpan = <R>(
  tracer: Tracer = NO_TRACER,
  { trace }: CallContext,
  insert: () => Promise<R>,
): Promise<R> =>
  inSpan(trace.sampled ? tracer.begin(trace, databaseSpan('INSERT', 'orders')) : undefined, insert);
