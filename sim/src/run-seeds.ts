import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { figuresOf, type Figures } from './figures.ts';
import { COMES_TO_ITS_END } from './findings.ts';
import type { SimOptions } from './options.ts';
import { failureLines } from './report.ts';
import { runSeed, type SeedResult } from './run-seed.ts';
import { startRealServer, type RealServer } from './world/database/real-database.ts';

/** Far longer than a seed takes on a busy machine; one that takes longer hangs where it cannot count any more. */
const HANG_LIMIT_MS = 600_000;

const hung = (seed: number): SeedResult => ({
  seed,
  findings: [
    {
      promise: COMES_TO_ITS_END,
      ids: ['simulation'],
      detail: `it hangs for ${HANG_LIMIT_MS} ms`,
    },
  ],
  faults: {},
  crashPoints: [],
  orders: {},
  virtualMs: 0,
  healedAfterMs: 0,
});

const runOrHang = async (
  seed: number,
  server: RealServer,
  write: ((line: string) => void) | undefined,
): Promise<{ result: SeedResult; hangs: boolean }> => {
  const watch = new AbortController();
  const ended = runSeed({ seed, server, write }).then((result) => ({ result, hangs: false }));
  const limit = sleep(HANG_LIMIT_MS, { result: hung(seed), hangs: true }, { signal: watch.signal });
  try {
    return await Promise.race([ended, limit]);
  } finally {
    watch.abort();
    limit.catch(() => undefined);
  }
};

/** Runs the seeds one after the other, and reports each failure at once. */
export const runSeeds = async (
  { from, count, stopOnFailure, isTraced }: SimOptions,
  say: (line: string) => void,
  progress: (done: number) => void,
): Promise<Figures> => {
  const startedAt = performance.now();
  const server = await startRealServer();
  const results: SeedResult[] = [];
  let isStopped = false;
  try {
    for (let seed = from; seed < from + count && !isStopped; seed += 1) {
      const { result, hangs } = await runOrHang(seed, server, isTraced ? say : undefined);
      results.push(result);
      const isFailure = result.findings.length > 0;
      if (isFailure) for (const line of failureLines(result)) say(line);
      progress(results.length);
      isStopped = hangs || (isFailure && stopOnFailure);
    }
  } finally {
    // One that hangs may hold on to the server for ever.
    await Promise.race([server.stop(), sleep(10_000, undefined, { ref: false })]);
  }
  return figuresOf(results, from, performance.now() - startedAt);
};
