import type { Runtime } from '@order-pipeline/service-kit';
import type { TopicPartitionOffset } from 'kafkajs';
import type { Ends } from './lag.ts';
import { partitionKey, STUCK_AFTER_MS } from './progress.ts';

/**
 * Whether what a consumer has processed gets committed. A consumer that works and never commits looks well from inside, and
 * does all of it again when it is started next; so it has to be noticed from what the group says.
 */
export interface CommitWatch {
  /**
   * Takes in what the group says.
   *
   * @param due the offsets before which all is processed, and which are to be committed
   * @param forgotten whether messages wait to be processed that nobody holds any more
   * @returns the offsets that were due at the last look already, and which the group still has not got
   */
  look(ends: Ends, due: readonly TopicPartitionOffset[], forgotten: boolean): TopicPartitionOffset[];
  /** Why it does not commit, if it has not done so for too long. */
  problem(): string | undefined;
  /** For how long something has been due, or forgotten, in milliseconds; the longest of all partitions. */
  standsForMs(): number;
  /** Partitions were assigned anew: nothing is due any more. */
  clear(): void;
}

interface Standing {
  readonly from: bigint;
  readonly since: number;
}

export const createCommitWatch = (runtime: Pick<Runtime, 'monotonic'>): CommitWatch => {
  let standings = new Map<string, Standing>();
  let forgottenSince: number | undefined;
  const standsForMs = (): number => {
    const now = runtime.monotonic();
    const sinces = [...standings.values()].map(({ since }) => since);
    return Math.max(0, ...[...sinces, forgottenSince ?? now].map((since) => now - since));
  };
  return {
    look: (ends, due, forgotten) => {
      const now = runtime.monotonic();
      const before = standings;
      standings = new Map();
      forgottenSince = forgotten ? (forgottenSince ?? now) : undefined;
      return due.filter(({ topic, partition, offset }) => {
        const key = partitionKey(topic, partition);
        const from = ends[key]?.from;
        if (from === undefined || BigInt(offset) <= from) return false;
        const known = before.get(key);
        const hasStood = known?.from === from;
        standings.set(key, hasStood ? known : { from, since: now });
        return hasStood;
      });
    },
    problem: () => (standsForMs() > STUCK_AFTER_MS ? 'does not commit what it has processed' : undefined),
    standsForMs,
    clear: () => {
      standings = new Map();
      forgottenSince = undefined;
    },
  };
};
