import process from 'node:process';
import { benchAgainst } from './against/bench.ts';
import { CliError, EXIT, exitCodeOf, failureText, type ExitCode } from '@order-pipeline/cli/kit';
import type { BenchContext } from './context/context.ts';
import { benchCost } from './cost/bench.ts';
import { createLife } from './context/life.ts';
import { benchDocker } from './docker/bench.ts';
import { benchHotItems } from './hot-items/bench.ts';
import { benchInstances } from './instances/bench.ts';
import { benchMemoryKafka } from './memory-kafka/bench.ts';
import { HELP, parseOptions, type BenchmarkName, type Options } from './options.ts';
import { benchOrders } from './orders/bench.ts';
import { benchFeatures, benchWaiting } from './orders/rows-alone.ts';
import { profilePlacement } from './profile/profile.ts';
import { tableOf } from './report/markdown.ts';
import { rowOf, type Report } from './report/report.ts';
import { writeReport } from './report/write.ts';
import { benchSoak } from './soak/soak.ts';

/** A benchmark answers with what it found; a profile has nothing to answer. */
type Benchmark = (context: BenchContext, commit: string) => Promise<Report | undefined>;

const BENCHMARKS: Readonly<Record<BenchmarkName, Benchmark>> = {
  orders: benchOrders,
  'orders-docker': benchDocker,
  features: benchFeatures,
  waiting: benchWaiting,
  profile: profilePlacement,
  cost: benchCost,
  instances: benchInstances,
  soak: benchSoak,
  'memory-kafka': benchMemoryKafka,
  'hot-items': benchHotItems,
  against: benchAgainst,
};

/** What is part of another report, or compares with another checkout. */
const UNWRITTEN: ReadonlySet<BenchmarkName> = new Set(['features', 'waiting', 'against']);

const say = (sentence: string): void =>
  void process.stderr.write(`${process.uptime().toFixed(0).padStart(4)} s  ${sentence}\n`);

const measure = async (
  context: BenchContext,
  { benchmark, commit = '' }: Pick<Options, 'benchmark' | 'commit'>,
): Promise<ExitCode> => {
  const report = await BENCHMARKS[benchmark](context, commit);
  if (!report) return EXIT.done;
  console.log(`\n${tableOf(report)}\n`);
  if (!context.quick && !UNWRITTEN.has(benchmark)) await writeReport(report);
  return report.figures.every((figure) => rowOf(figure).met) ? EXIT.done : EXIT.notDone;
};

/** Measures, and ends what it has started, also when it fails or is interrupted. */
const run = async (): Promise<ExitCode> => {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(HELP);
    return EXIT.done;
  }
  const life = createLife(say);
  const interrupted = new Promise<ExitCode>((resolve) => {
    // However often it arrives: one Ctrl-C may come from the terminal and from a package manager.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => resolve(EXIT.unknown));
  });
  try {
    return await Promise.race([measure({ quick: options.quick, say, life }, options), interrupted]);
  } finally {
    await life.closeAll();
  }
};

const main = async (): Promise<ExitCode> => {
  try {
    return await run();
  } catch (error) {
    say(error instanceof CliError ? error.message : `Nothing was measured: ${failureText(error)}`);
    return exitCodeOf(error);
  }
};

process.exit(await main());
