import { backoffMs, REDELIVERED, type Cancel, type Runtime } from '@order-pipeline/service-kit';
import type { ReceivedEvent } from '../event-codec.ts';
import { endSpans } from '../process-batch.ts';

/** How many messages are held back at a time; their raw messages stay in memory. */
export const MAX_HELD_BACK = 1_000;
/** How many of them are tried at a time. */
const MAX_BATCH = 100;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

/**
 * Messages of orders that somebody keeps locked. They are tried again by themselves, so that those behind them in their
 * partitions go on; what was not done is not committed, so a consumer that dies with them gets them again.
 */
export interface HeldBack {
  add(messages: readonly ReceivedEvent[]): void;
  isFull(): boolean;
  /** Forgets them: partitions were assigned anew, and they come again. */
  clear(): void;
  /** Tries none any more, and waits for the try that is under way. */
  stop(): Promise<void>;
}

/**
 * @param options.work works messages, and answers those that still wait; nothing when they are no longer ours
 */
export const createHeldBack = (options: {
  readonly runtime: Pick<Runtime, 'after' | 'random'>;
  readonly work: (messages: readonly ReceivedEvent[]) => Promise<readonly ReceivedEvent[] | undefined>;
}): HeldBack => {
  const { runtime, work } = options;
  let held = new Set<ReceivedEvent>();
  let attempt = 0;
  let cancel: Cancel | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;

  const retry = async (): Promise<void> => {
    const batch = [...held].slice(0, MAX_BATCH);
    const waiting = await work(batch);
    if (!waiting) return;
    if (waiting.length < batch.length) attempt = 0;
    // Those that still wait go to the end, so that each has its turn.
    for (const message of batch) held.delete(message);
    for (const message of waiting) held.add(message);
  };
  const schedule = (): void => {
    if (stopped || running || cancel || held.size === 0) return;
    attempt += 1;
    cancel = runtime.after(backoffMs(runtime, attempt, FIRST_RETRY_MS, MAX_RETRY_MS), () => {
      cancel = undefined;
      running = retry().finally(() => {
        running = undefined;
        schedule();
      });
    });
  };
  return {
    add: (messages) => {
      for (const message of messages) held.add(message);
      schedule();
    },
    isFull: () => held.size >= MAX_HELD_BACK,
    clear: () => {
      endSpans([...held], REDELIVERED);
      held = new Set();
      attempt = 0;
    },
    stop: async () => {
      stopped = true;
      cancel?.();
      await running;
      endSpans([...held], REDELIVERED);
    },
  };
};
