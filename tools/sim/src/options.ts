import { availableParallelism } from 'node:os';
import { readArguments, UsageError, wholeNumberOf } from '@order-pipeline/command-line';
import { freshSeedOf, MAX_SEED } from './fresh-seed.ts';

/** What the simulation was asked to do. */
export interface SimOptions {
  /** The first seed. */
  readonly from: number;
  /** How many seeds, each one more than the one before. */
  readonly count: number;
  /** How many seeds run at a time, each in a process of its own where there is more than one. */
  readonly jobs: number;
  readonly stopOnFailure: boolean;
  readonly isTraced: boolean;
  /** Where the figures are written to. */
  readonly json: string | undefined;
}

export const HELP = `Runs the whole system in a simulation, once a seed, in which everything goes wrong that can.

Usage: npx -y pnpm sim [options]

  --seeds K          how many seeds (default 100)
  --from N           the first of them (default 1)
  --fresh TEXT       the first of them follows from a text, such as the hash of a commit
  --seed N           this seed only: it goes as it went before
  --jobs J           how many seeds at a time (default: one a core; 1 with --trace or --stop-on-failure)
  --trace            write down what happens: time, process, event
  --stop-on-failure  run no further seed after one in which a promise was not kept
  --json FILE        write the figures to a file
  --help             show this

It ends with exit code 0 when every promise was kept, with 1 when one was not.`;

const OPTIONS = {
  seeds: { type: 'string' },
  from: { type: 'string' },
  fresh: { type: 'string' },
  seed: { type: 'string' },
  jobs: { type: 'string' },
  trace: { type: 'boolean', default: false },
  'stop-on-failure': { type: 'boolean', default: false },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

const firstOf = ({
  seed,
  from,
  fresh,
}: Readonly<Partial<Record<'seed' | 'from' | 'fresh', string>>>): number => {
  if (seed !== undefined) return wholeNumberOf('seed', seed, 0, MAX_SEED);
  if (from !== undefined && fresh !== undefined)
    throw new UsageError('--from and --fresh both name the first seed');
  return fresh === undefined ? wholeNumberOf('from', from ?? '1', 0, MAX_SEED) : freshSeedOf(fresh);
};

const MOST_JOBS = 64;
/** Fewer are done before another process has started. */
const FEW_SEEDS = 10;

const jobsOf = (jobs: string | undefined, count: number, isInTurn: boolean): number => {
  if (jobs === undefined)
    return isInTurn || count < FEW_SEEDS ? 1 : Math.min(availableParallelism(), MOST_JOBS);
  const asked = wholeNumberOf('jobs', jobs, 1, MOST_JOBS);
  if (isInTurn && asked > 1) throw new UsageError('--trace and --stop-on-failure go with one job');
  return asked;
};

/**
 * @returns `help` when that is asked for
 * @throws UsageError with one sentence
 */
export const parseOptions = (args: readonly string[]): SimOptions | 'help' => {
  const { values } = readArguments(args, { options: OPTIONS });
  if (values.help) return 'help';
  const { seed, seeds = '100', json } = values;
  if (seed !== undefined && [values.seeds, values.from, values.fresh].some((value) => value !== undefined))
    throw new UsageError('--seed names the only seed, and goes with neither --seeds nor --from nor --fresh');
  const count = seed === undefined ? wholeNumberOf('seeds', seeds, 1, MAX_SEED) : 1;
  return {
    from: firstOf(values),
    count,
    jobs: jobsOf(values.jobs, count, values.trace || values['stop-on-failure']),
    stopOnFailure: values['stop-on-failure'],
    isTraced: values.trace,
    json,
  };
};
