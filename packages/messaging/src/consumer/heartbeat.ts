import { sleep, type Runtime } from '@order-pipeline/service-kit';

/** A worker that died is missed, and its partitions go to another, after this long. */
export const SESSION_TIMEOUT_MS = 10_000;
export const HEARTBEAT_INTERVAL_MS = 2_000;

/** Given to `abort`, which without a reason makes an error, with its stack, at every call. */
const DONE = 'done';

/**
 * Does `work` while the consumer stays in its group: kafkajs sends no heartbeat while a handler works, and a call and
 * a publish may together take longer than the session lasts. Once `ending` is aborted it sends no more, so that one
 * that is never done loses its partitions to others.
 *
 * @param heartbeat what it rejects with is ignored; the caller that asks for the next one gets it again
 */
export const whileInGroup = async <T>(
  runtime: Pick<Runtime, 'after'>,
  heartbeat: () => Promise<void>,
  ending: AbortSignal,
  work: () => Promise<T>,
): Promise<T> => {
  const done = new AbortController();
  const beat = async (): Promise<void> => {
    for (;;) {
      await sleep(runtime, HEARTBEAT_INTERVAL_MS, done.signal);
      if (done.signal.aborted || ending.aborted) return;
      await heartbeat().catch(() => undefined);
    }
  };
  void beat();
  try {
    return await work();
  } finally {
    done.abort(DONE);
  }
};
