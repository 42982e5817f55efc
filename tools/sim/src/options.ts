import { availableParallelism } from 'node:os';
import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { CliError, Command, helpOf, readArguments, wholeNumber } from '@order-pipeline/cli/kit';
import { freshSeedOf, MAX_SEED } from './fresh-seed.ts';

/** What the simulation was asked to do. */
export interface SimOptions {
  /** The first seed. */
  readonly from: number;
  /** How many seeds, each one more than the one before. */
  readonly count: number;
  /** How many seeds run at a time, each in a process of its own where there is more than one. */
  readonly jobs: number;
  /** How many instances all services have together; without it, each seed gives some services two. */
  readonly instances?: number | undefined;
  readonly stopOnFailure: boolean;
  readonly isTraced: boolean;
  /** Where the figures are written to. */
  readonly json: string | undefined;
}

const MAX_JOBS = 64;
const MAX_INSTANCES = 200;
/** Fewer are done before another process has started. */
const FEW_SEEDS = 10;
const DEFAULT_SEEDS = 100;

const EXIT_CODES = `
Exit codes: 0 every promise was kept; 1 one was not; 2 the simulation could not be run.`;

const seed = wholeNumber(0, MAX_SEED);

const createCommand = () =>
  new Command('npx -y pnpm sim')
    .description('Runs the whole system in a simulation, once a seed, under every fault that it can inject.')
    .option('--seeds <k>', `how many seeds (default: ${DEFAULT_SEEDS})`, wholeNumber(1, MAX_SEED))
    .option('--from <n>', 'the first of them (default: 1)', seed)
    .option('--fresh <text>', 'the first of them follows from a text, such as the hash of a commit')
    .option('--seed <n>', 'this seed only: it runs as it ran before', seed)
    .option(
      '--jobs <j>',
      'how many seeds at a time (default: one a core; 1 with --trace or --stop-on-failure)',
      wholeNumber(1, MAX_JOBS),
    )
    .option(
      '--instances <n>',
      'how many instances all services have together (default: some have two)',
      wholeNumber(SERVICE_NAMES.length, MAX_INSTANCES),
    )
    .option('--trace', 'write down what happens: time, process, event', false)
    .option('--stop-on-failure', 'run no further seed after one in which a promise was not kept', false)
    .option('--json <file>', 'write the figures to a file')
    .addHelpText('after', EXIT_CODES);

export const HELP = helpOf(createCommand());

const firstOf = (from: number | undefined, fresh: string | undefined): number => {
  if (from !== undefined && fresh !== undefined)
    throw new CliError('--from and --fresh both name the first seed');
  return fresh === undefined ? (from ?? 1) : freshSeedOf(fresh);
};

const jobsOf = (asked: number | undefined, count: number, isInTurn: boolean): number => {
  if (asked === undefined)
    return isInTurn || count < FEW_SEEDS ? 1 : Math.min(availableParallelism(), MAX_JOBS);
  if (isInTurn && asked > 1) throw new CliError('--trace and --stop-on-failure go with one job');
  return asked;
};

/**
 * @returns `help` when that is asked for
 * @throws CliError with one sentence
 */
export const parseOptions = (args: readonly string[]): SimOptions | 'help' => {
  const command = createCommand();
  if (!readArguments(command, args)) return 'help';
  const { seed: only, seeds, from, fresh, jobs, instances, trace, stopOnFailure, json } = command.opts();
  if (only !== undefined && [seeds, from, fresh].some((value) => value !== undefined))
    throw new CliError('--seed names the only seed, and goes with neither --seeds nor --from nor --fresh');
  const count = only === undefined ? (seeds ?? DEFAULT_SEEDS) : 1;
  return {
    from: only ?? firstOf(from, fresh),
    count,
    jobs: jobsOf(jobs, count, trace || stopOnFailure),
    ...(instances === undefined ? {} : { instances }),
    stopOnFailure,
    isTraced: trace,
    json,
  };
};
