import { readArguments, UsageError } from '@order-pipeline/command-line';

export const HELP = `Measures, and writes what it found to docs/benchmarks.

Usage: npx -y pnpm bench [what] [options]

  orders         the order pipeline beside pgbench and a plain build; this is what is measured where nothing is named
  soak           ten minutes at full load, and the memory that they take
  memory-kafka   the in-memory broker beside kafkajs on a real Kafka (needs Docker)

  --docker       orders: on docker-compose.yml, with Kafka (needs Docker)
  --profile      orders: no figures, but a flame graph of the placement, in .bench
  --quick        fewer and smaller rounds; nothing is written
  --help         show this

It ends with exit code 0 when every figure is as wanted, with 1 when one is not.`;

const BENCHMARKS = ['orders', 'orders-docker', 'soak', 'memory-kafka', 'profile'] as const;

/** Everything that can be asked for. */
export type BenchmarkName = (typeof BENCHMARKS)[number];

export interface Options {
  readonly benchmark: BenchmarkName;
  readonly quick: boolean;
}

const SUBJECTS = ['orders', 'soak', 'memory-kafka'] as const;
type Subject = (typeof SUBJECTS)[number];

const isSubject = (name: string): name is Subject => (SUBJECTS as readonly string[]).includes(name);

const chooseBenchmark = (
  names: readonly string[],
  { docker, profile }: { readonly docker: boolean; readonly profile: boolean },
): BenchmarkName => {
  const [name = 'orders', ...more] = names;
  if (!isSubject(name)) throw new UsageError(`There is no benchmark ${name}, only ${SUBJECTS.join(', ')}.`);
  if (more.length > 0) throw new UsageError('One benchmark is measured at a time.');
  if ((docker || profile) && name !== 'orders')
    throw new UsageError('--docker and --profile are for the orders benchmark.');
  if (docker && profile) throw new UsageError('--profile is for the embedded parts, not for --docker.');
  if (profile) return 'profile';
  return docker ? 'orders-docker' : name;
};

/**
 * Reads the arguments of the command.
 *
 * @throws UsageError with one sentence on what is wrong
 */
export const parseOptions = (args: readonly string[]): Options | 'help' => {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = readArguments(args, {
    allowPositionals: true,
    options: { docker: flag, profile: flag, quick: flag, help: flag },
  });
  if (values.help) return 'help';
  return { benchmark: chooseBenchmark(positionals, values), quick: values.quick };
};
