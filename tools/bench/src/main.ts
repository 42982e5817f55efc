import process from 'node:process';
import { UsageError } from '@order-pipeline/command-line';
import { BenchError } from './context/bench-error.ts';
import type { BenchContext } from './context/context.ts';
import { createLife } from './context/life.ts';
import { benchDocker } from './docker/bench.ts';
import { benchMemoryKafka } from './memory-kafka/bench.ts';
import { HELP, parseOptions, type BenchmarkName } from './options.ts';
import { benchOrders } from './orders/bench.ts';
import { profilePlacement } from './profile/profile.ts';
import { tableOf } from './report/markdown.ts';
import { rowOf, type Report } from './report/report.ts';
import { writeReport } from './report/write.ts';
import { benchSoak } from './soak/soak.ts';

const INTERRUPTED = 130;

/** A benchmark answers with what it found; a profile has nothing to answer. */
type Benchmark = (context: BenchContext) => Promise<Report | undefined>;

const BENCHMARKS: Readonly<Record<BenchmarkName, Benchmark>> = {
  orders: benchOrders,
  'orders-docker': benchDocker,
  profile: profilePlacement,
  soak: benchSoak,
  'memory-kafka': benchMemoryKafka,
};

const say = (sentence: string): void =>
  void process.stderr.write(`${process.uptime().toFixed(0).padStart(4)} s  ${sentence}\n`);

const measure = async (context: BenchContext, benchmark: BenchmarkName): Promise<number> => {
  const report = await BENCHMARKS[benchmark](context);
  if (!report) return 0;
  console.log(`\n${tableOf(report)}\n`);
  if (!context.quick) await writeReport(report);
  return report.figures.every((figure) => rowOf(figure).met) ? 0 : 1;
};

/** Measures, and ends what it has started, also when it fails or is interrupted. */
const run = async (): Promise<number> => {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  const life = createLife(say);
  const interrupted = new Promise<number>((resolve) => {
    // However often it arrives: one Ctrl-C may come from the terminal and from a package manager.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve(INTERRUPTED));
  });
  try {
    return await Promise.race([measure({ quick: options.quick, say, life }, options.benchmark), interrupted]);
  } finally {
    await life.closeAll();
  }
};

const main = async (): Promise<number> => {
  try {
    return await run();
  } catch (error) {
    const isSentence = error instanceof BenchError || error instanceof UsageError;
    say(isSentence ? error.message : `Nothing was measured: ${(error as Error).stack}`);
    return 1;
  }
};

process.exit(await main());
