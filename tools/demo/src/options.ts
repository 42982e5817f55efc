import { readArguments, urlOf, UsageError, wholeNumberOf } from '@order-pipeline/command-line';

/** What the demo was asked to do. */
export interface DemoOptions {
  /** A gateway that runs; without one the demo starts the system itself. */
  readonly url: string | undefined;
  /** What sets the ids of this run apart from those of others at the same gateway. */
  readonly run: string | undefined;
  /** How many orders to place, the oldest first. */
  readonly orderCount: number;
  /** How many requests may be under way at once. */
  readonly concurrency: number;
  /** Every how many orders one is cancelled; 0 for none. */
  readonly cancelEvery: number;
}

export const HELP = `Walks real retail orders through the order pipeline and checks what came of them.

Usage: npx -y pnpm demo [options]

  --url URL          use the gateway that runs there, such as http://127.0.0.1:3000;
                     without it the whole system is started for the demo, on temporary data
  --run ID           with --url: put before all ids of this run (default: made from the time);
                     an ID again, with the same other options, goes on where that run ended
  --orders N         place only the first N of the 5,009 orders
  --concurrency N    requests under way at once (default 64)
  --cancel-every N   cancel every Nth order as soon as it is placed (default 100; 0 for none)
  --help             show this

It ends with exit code 0 when everything is as the file says, with 1 when something is not.`;

const MAX_ORDERS = 5_009;
const MAX_CONCURRENT = 1_024;
// Without a hyphen, which ends it: so no run's prefix begins another's.
const RUN_ID = /^[A-Za-z0-9]{1,32}$/;

const runOf = (text: string): string => {
  if (RUN_ID.test(text)) return text;
  throw new UsageError(`--run must be 1 to 32 of the characters A-Z a-z 0-9, not ${JSON.stringify(text)}`);
};

const OPTIONS = {
  url: { type: 'string' },
  run: { type: 'string' },
  orders: { type: 'string', default: `${MAX_ORDERS}` },
  concurrency: { type: 'string', default: '64' },
  'cancel-every': { type: 'string', default: '100' },
  help: { type: 'boolean', default: false },
} as const;

/**
 * @returns `help` when that is asked for
 * @throws UsageError with one sentence
 */
export const parseOptions = (args: readonly string[]): DemoOptions | 'help' => {
  const { values } = readArguments(args, { options: OPTIONS });
  if (values.help) return 'help';
  if (values.run !== undefined && values.url === undefined) {
    throw new UsageError('--run goes with --url: a system started for the demo has no other runs');
  }
  return {
    url: values.url === undefined ? undefined : urlOf(values.url),
    run: values.run === undefined ? undefined : runOf(values.run),
    orderCount: wholeNumberOf('orders', values.orders, 1, MAX_ORDERS),
    concurrency: wholeNumberOf('concurrency', values.concurrency, 1, MAX_CONCURRENT),
    cancelEvery: wholeNumberOf('cancel-every', values['cancel-every'], 0, MAX_ORDERS),
  };
};
