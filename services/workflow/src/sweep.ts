import { MAX_BATCH, orderLifecycleApi } from '@order-pipeline/contracts';
import type { AdvanceOrders } from '@order-pipeline/messaging';
import {
  backoffMs,
  newTrace,
  createOwnCall,
  isTransient,
  logFailure,
  sleep,
  startPeriodic,
  type CallContext,
  type ServiceContext,
} from '@order-pipeline/service-kit';

/** The longest wait before a sweep that met a part that was down is tried again, in milliseconds. */
const MAX_BACKOFF_MS = 10_000;

export interface SweepOptions {
  readonly context: Pick<ServiceContext<unknown>, 'clients' | 'runtime' | 'logger'>;
  readonly advance: AdvanceOrders;
  /** Whether an order waits in the buffer, and is not the sweep's. */
  readonly holds: (orderId: string) => boolean;
  /** Whether this instance is to sweep: all would sweep the same orders. */
  readonly leads: () => boolean;
  readonly olderThanMs: number;
  readonly intervalMs: number;
}

/** One that fails for a reason of its own is searched for by halves and left to the next sweep; the others go on. */
const createAdvanceAll = ({ context: { runtime, logger }, advance }: SweepOptions, stopping: AbortSignal) => {
  const advanceAll = async (orderIds: readonly string[]): Promise<void> => {
    if (orderIds.length === 0 || stopping.aborted) return;
    try {
      await advance(orderIds.map((orderId) => ({ orderId, trace: newTrace(runtime) })));
    } catch (error) {
      if (isTransient(error)) throw error;
      const [orderId] = orderIds;
      if (orderIds.length === 1) return logger.error({ err: error, orderId }, 'sweep failed for an order');
      const half = Math.ceil(orderIds.length / 2);
      await advanceAll(orderIds.slice(0, half));
      await advanceAll(orderIds.slice(half));
    }
  };
  return advanceAll;
};

/**
 * Moves orders on, at start and then every `intervalMs`, that have been PENDING for `olderThanMs` and never came to
 * the buffer: their event may have been lost, or nobody may have listened.
 */
export const startSweep = (options: SweepOptions) => {
  const { holds, olderThanMs, intervalMs } = options;
  const { clients, runtime, logger } = options.context;
  const stopping = new AbortController();
  const advanceAll = createAdvanceAll(options, stopping.signal);
  let attempt = 0;

  const findPage = (after: string | undefined, call: CallContext) =>
    clients.call(
      orderLifecycleApi.findOverdueOrders,
      {
        body: { olderThanMs, limit: MAX_BATCH, ...(after === undefined ? {} : { after }) },
      },
      call,
    );
  const ownCall = createOwnCall('sweep', { runtime, logger });
  const sweep = async (): Promise<void> => {
    const call = ownCall();
    let after: string | undefined;
    do {
      const { orderIds } = await findPage(after, call);
      const missed = orderIds.filter((orderId) => !holds(orderId));
      await advanceAll(missed);
      after = orderIds.length < MAX_BATCH ? undefined : orderIds.at(-1);
    } while (after !== undefined && !stopping.signal.aborted);
  };
  /** @returns whether to sweep again at once */
  const sweepOrWait = async (): Promise<boolean> => {
    if (!options.leads()) return false;
    try {
      await sweep();
      attempt = 0;
      return false;
    } catch (error) {
      if (!isTransient(error)) throw error;
      attempt += 1;
      logFailure(logger, error, { attempt }, 'sweep failed: dependency unavailable, retrying');
      await sleep(runtime, backoffMs(runtime, attempt, 200, MAX_BACKOFF_MS), stopping.signal);
      return true;
    }
  };
  const periodic = startPeriodic({
    name: 'sweep pending orders',
    intervalMs,
    atStart: true,
    runtime,
    logger,
    work: sweepOrWait,
  });
  return {
    stop: async (): Promise<void> => {
      stopping.abort();
      await periodic.stop();
    },
  };
};
