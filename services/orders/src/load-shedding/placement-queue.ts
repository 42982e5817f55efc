import {
  createBatcher,
  failedWith,
  NO_TRACER,
  orderSpan,
  placed,
  type Batcher,
  type Runtime,
  type Span,
  type Tracer,
} from '@order-pipeline/service-kit';
import type { Placement } from '../domain.ts';
import type { PlacementRequest } from '../placement.ts';
import type { AdmissionControl } from './admission-control.ts';

const MAX_ORDERS_A_BATCH = 128;
/**
 * Half of the connections to the database: however slow it is, the other half is left to reads, cancellations, moves and
 * the outbox relay. See POOL_SIZE in service-kit.
 */
const MAX_CONCURRENT_BATCHES = 3;
/** Who waited longer would have no answer before the facade gives up on it. */
const MAX_WAIT_MS = 1_000;
/** So that memory has an end, even if they all came in one moment. */
const MAX_WAITING = 10_000;

interface QueuedRequest extends PlacementRequest {
  /** When the batch began in which the order is placed, of one that is recorded. */
  begunMs?: number | undefined;
}

/** Batches placements; one that would have to wait for too long is refused at once instead, with nothing done. */
export const createPlacementQueue = (options: {
  readonly admission: AdmissionControl;
  readonly runtime: Pick<Runtime, 'monotonic' | 'soon' | 'after'>;
  readonly place: (requests: PlacementRequest[]) => Promise<readonly Placement[]>;
  /** Nothing is recorded if not given. */
  readonly tracer?: Tracer;
}): Batcher<PlacementRequest, Placement> => {
  const { admission, runtime, place, tracer = NO_TRACER } = options;
  /** Since when those wait that are in no batch yet, the oldest first, as the batcher takes them. */
  const waitingSince: number[] = [];
  const submitTraced = async ({ order, call }: PlacementRequest, span: Span): Promise<Placement> => {
    const queued: QueuedRequest = { order, call, span, begunMs: undefined };
    try {
      const placement = await batcher.submit(queued);
      const { begunMs } = queued;
      span.end(placed(placement.outcome, begunMs === undefined ? undefined : begunMs - span.startMs));
      return placement;
    } catch (error) {
      span.end(failedWith(error));
      throw error;
    }
  };
  const batcher = createBatcher({
    runtime,
    maxSize: MAX_ORDERS_A_BATCH,
    maxConcurrent: MAX_CONCURRENT_BATCHES,
    run: (requests: QueuedRequest[]) => {
      waitingSince.splice(0, requests.length);
      for (const request of requests) if (request.span) request.begunMs = tracer.now();
      return place(requests);
    },
  });
  const isTooLong = (): boolean => {
    const [oldest = Infinity] = waitingSince;
    return waitingSince.length >= MAX_WAITING || runtime.monotonic() - oldest > MAX_WAIT_MS;
  };
  return {
    submit: async (request) => {
      const reason = admission.shedsAll() ?? (isTooLong() ? 'QUEUE_TOO_LONG' : undefined);
      if (reason) return { outcome: 'NOT_NOW', reason };
      waitingSince.push(runtime.monotonic());
      const { order, call } = request;
      const span = call.trace.sampled
        ? tracer.begin(call.trace, orderSpan('place order', order.orderId))
        : undefined;
      return span ? submitTraced(request, span) : batcher.submit(request);
    },
    drain: () => batcher.drain(),
  };
};
