import { performance } from 'node:perf_hooks';
import { figuresOf, type Figures } from './figures.ts';
import { forkRunner } from './forked-runner.ts';
import type { SimOptions } from './options.ts';
import { failureLines } from './report.ts';
import type { SeedResult } from './run-seed.ts';
import { startRunner, type Runner } from './runner.ts';

type SeedRange = Pick<SimOptions, 'from' | 'count' | 'stopOnFailure'>;

/** Gives every runner the next seed as soon as it has none; answers how they went, in their order. */
export const shareOut = async (
  { from, count, stopOnFailure }: SeedRange,
  runners: readonly Runner[],
  onResult: (result: SeedResult, done: number) => void,
): Promise<SeedResult[]> => {
  const results: SeedResult[] = [];
  let next = from;
  let isStopped = false;
  const work = async (runner: Runner): Promise<void> => {
    while (!isStopped && next < from + count) {
      const seed = next;
      next += 1;
      const { result, hangs } = await runner.run(seed);
      results.push(result);
      onResult(result, results.length);
      if (hangs || (result.findings.length > 0 && stopOnFailure)) isStopped = true;
    }
  };
  await Promise.all(runners.map(work));
  return results.toSorted((a, b) => a.seed - b.seed);
};

const startRunners = (
  { jobs, isTraced, instances }: SimOptions,
  say: (line: string) => void,
): Promise<Runner[]> =>
  Promise.all(
    jobs === 1
      ? [startRunner({ instances, write: isTraced ? say : undefined })]
      : Array.from({ length: jobs }, () => forkRunner({ instances })),
  );

/** Runs the seeds, as many at a time as there are jobs, and reports each failure at once. */
export const runSeeds = async (
  options: SimOptions,
  say: (line: string) => void,
  progress: (done: number) => void,
): Promise<Figures> => {
  const startedAt = performance.now();
  const runners = await startRunners(options, say);
  try {
    const results = await shareOut(options, runners, (result, done) => {
      if (result.findings.length > 0) for (const line of failureLines(result, options)) say(line);
      progress(done);
    });
    return figuresOf(results, options.from, performance.now() - startedAt);
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()));
  }
};
