import { CliError, Command, helpOf, readArguments } from '@order-pipeline/cli/kit';

const SUBJECTS = [
  'orders',
  'features',
  'waiting',
  'cost',
  'instances',
  'soak',
  'memory-kafka',
  'hot-items',
  'against',
] as const;
type Subject = (typeof SUBJECTS)[number];

/** Everything that can be asked for. */
export type BenchmarkName = Subject | 'orders-docker' | 'profile';

export interface Options {
  readonly benchmark: BenchmarkName;
  readonly quick: boolean;
  /** What `against` compares with: whatever git takes for a commit. */
  readonly commit?: string;
}

const isSubject = (name: string): name is Subject => (SUBJECTS as readonly string[]).includes(name);

const chooseBenchmark = (
  names: readonly string[],
  { docker, profile }: { readonly docker: boolean; readonly profile: boolean },
): Pick<Options, 'benchmark' | 'commit'> => {
  const [name = 'orders', ...more] = names;
  if (!isSubject(name)) throw new CliError(`There is no benchmark ${name}, only ${SUBJECTS.join(', ')}.`);
  const [commit] = name === 'against' ? more.splice(0, 1) : [];
  if (name === 'against' && !commit)
    throw new CliError('Say which commit to compare with: npx -y pnpm bench against <commit>');
  if (more.length > 0) throw new CliError('One benchmark is measured at a time.');
  if ((docker || profile) && name !== 'orders')
    throw new CliError('--docker and --profile are for the orders benchmark.');
  if (docker && profile) throw new CliError('--profile is for the embedded parts, not for --docker.');
  if (profile) return { benchmark: 'profile' };
  return { benchmark: docker ? 'orders-docker' : name, ...(commit ? { commit } : {}) };
};

const EXIT_CODES = `
Exit codes: 0 every figure reaches its target; 1 one does not; 2 nothing could be measured.`;

const createCommand = () =>
  new Command('npx -y pnpm bench')
    .description('Measures, and writes the results to docs/benchmarks.')
    .argument(
      '[what...]',
      'orders (the default): the order pipeline, with pgbench and a plain build as baselines; features: of these, what access tokens and traces cost; waiting: what clients cost that wait for orders; of both nothing is written; cost: what an order takes of WAL, disk, transactions, messages and processor time; instances: what an order takes of them with one, two and eight instances of every service; soak: ten minutes at full load, and the memory that they take; memory-kafka: the in-memory broker, with kafkajs on a real Kafka as baseline (needs Docker); hot-items: one item at the highest rate, with one, two and four instances of the inventory; against <commit>: placing, beside what the repository was at that commit and beside itself, which shows the noise; nothing is written',
    )
    .option('--docker', 'orders: on docker-compose.yml, with Kafka (needs Docker)', false)
    .option('--profile', 'orders: no figures, but a flame graph of the placement, in .bench', false)
    .option('--quick', 'fewer and smaller rounds; nothing is written', false)
    .addHelpText('after', EXIT_CODES);

export const HELP = helpOf(createCommand());

/**
 * Reads the arguments of the command.
 *
 * @returns `help` when that is asked for
 * @throws CliError with one sentence on what is wrong
 */
export const parseOptions = (args: readonly string[]): Options | 'help' => {
  const command = createCommand();
  if (!readArguments(command, args)) return 'help';
  const { quick, ...kind } = command.opts();
  return { ...chooseBenchmark(command.processedArgs[0] ?? [], kind), quick };
};
