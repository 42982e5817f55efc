import { setTimeout as sleep } from 'node:timers/promises';
import { COMES_TO_ITS_END } from './findings.ts';
import { runSeed, type SeedOptions, type SeedResult } from './run-seed.ts';
import { startRealServer } from './world/database/real-database.ts';

/** How a seed went; one that hangs leaves a runner that can run no other. */
export interface SeedRun {
  readonly result: SeedResult;
  readonly hangs: boolean;
}

/** What runs seeds, one after the other, on a PostgreSQL of its own. */
export interface Runner {
  run(seed: number): Promise<SeedRun>;
  stop(): Promise<void>;
}

/** Far longer than a seed takes on a busy machine; one that takes longer hangs where it cannot count any more. */
const HANG_LIMIT_MS = 600_000;
const STOP_LIMIT_MS = 10_000;

/** The run of a seed that did not come to its end. */
export const cutOff = (seed: number, detail: string): SeedRun => ({
  result: {
    seed,
    findings: [{ promise: COMES_TO_ITS_END, ids: ['simulation'], detail }],
    faults: {},
    crashPoints: [],
    orders: {},
    spans: 0,
    virtualMs: 0,
    healedAfterMs: 0,
  },
  hangs: true,
});

/** What is the same for all seeds of a runner. */
export type RunnerOptions = Pick<SeedOptions, 'instances' | 'write'>;

/** A runner in this process. */
export const startRunner = async (options: RunnerOptions = {}): Promise<Runner> => {
  const server = await startRealServer();
  return {
    run: async (seed) => {
      const watch = new AbortController();
      const ended = runSeed({ ...options, seed, server }).then((result) => ({ result, hangs: false }));
      const hung = cutOff(seed, `it hangs for ${HANG_LIMIT_MS} ms`);
      const limit = sleep(HANG_LIMIT_MS, hung, { signal: watch.signal });
      try {
        return await Promise.race([ended, limit]);
      } finally {
        watch.abort();
        limit.catch(() => undefined);
      }
    },
    // One that hangs may hold on to the server for ever.
    stop: () => Promise.race([server.stop(), sleep(STOP_LIMIT_MS, undefined, { ref: false })]),
  };
};
