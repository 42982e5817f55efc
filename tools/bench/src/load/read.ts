import { performance } from 'node:perf_hooks';
import { SECOND_MS } from '@order-pipeline/service-kit';
import { percentile } from '../rounds.ts';
import { keepBusy, openConnections } from './connections.ts';

export interface ReadingOptions {
  readonly url: string;
  readonly connections: number;
  readonly durationS: number;
  /** The next path to read. */
  readonly nextPath: () => string;
  /** Whether a body is what has to be there. */
  readonly isRight: (body: string) => boolean;
}

export interface Reading {
  readonly p99Ms: number;
  /** How many answers were not as they had to be, or never came. */
  readonly wrong: number;
}

/** Reads over connections that are kept alive, each as soon as the one before it is answered. */
export const read = async (options: ReadingOptions): Promise<Reading> => {
  const { url, connections, durationS, nextPath, isRight } = options;
  const open = openConnections(url, connections);
  const latencies: number[] = [];
  let wrong = 0;
  const endsAt = performance.now() + durationS * SECOND_MS;
  await keepBusy(
    connections,
    () => performance.now() < endsAt,
    async () => {
      const sentAt = performance.now();
      const answer = await open.get(nextPath()).catch(() => undefined);
      latencies.push(performance.now() - sentAt);
      if (answer?.status !== 200 || !isRight(answer.body)) wrong += 1;
    },
  );
  open.close();
  return { p99Ms: percentile(latencies, 99), wrong };
};
