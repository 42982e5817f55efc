import type { Cancel, Runtime } from '@order-pipeline/service-kit';

/** A worker that died is missed, and its partitions go to another, after this long. */
export const SESSION_TIMEOUT_MS = 10_000;
export const HEARTBEAT_INTERVAL_MS = 2_000;

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
  let isDone = false;
  let cancel: Cancel = () => undefined;
  const wait = (): void => {
    cancel = runtime.after(HEARTBEAT_INTERVAL_MS, () => void beat());
  };
  const beat = async (): Promise<void> => {
    if (isDone || ending.aborted) return;
    await heartbeat().catch(() => undefined);
    if (!isDone) wait();
  };
  wait();
  try {
    return await work();
  } finally {
    isDone = true;
    cancel();
  }
};
