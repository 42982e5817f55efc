import {
  CliError,
  Command,
  helpOf,
  InvalidArgumentError,
  readArguments,
  serverUrl,
  wholeNumber,
} from '@order-pipeline/cli/kit';
import { readSecret } from '@order-pipeline/service-kit';

/** What the demo was asked to do. */
export interface DemoOptions {
  /** A gateway that runs; without one the demo starts the system itself. */
  readonly url: string | undefined;
  /** Who the demo is at that gateway, where it asks for that. */
  readonly token: string | undefined;
  /** What sets the ids of this run apart from those of others at the same gateway. */
  readonly run: string | undefined;
  /** How many orders to place, the oldest first. */
  readonly orderCount: number;
  /** How many requests may be under way at once. */
  readonly concurrency: number;
  /** Every how many orders one is cancelled; 0 for none. */
  readonly cancelEvery: number;
}

const MAX_ORDERS = 5_009;
const MAX_CONCURRENT = 1_024;
// Without a hyphen, which ends it: so no run's prefix begins another's.
const RUN_ID = /^[A-Za-z0-9]{1,32}$/;

const runId = (text: string): string => {
  if (RUN_ID.test(text)) return text;
  throw new InvalidArgumentError('It must be 1 to 32 of the characters A-Z a-z 0-9.');
};

const EXIT_CODES = `
Exit codes: 0 everything is as the file says; 1 something is not; 2 it could not be tried to the end.`;

const createCommand = () =>
  new Command('npx -y pnpm demo')
    .description('Runs real retail orders through the order pipeline and checks the outcome of each.')
    .option(
      '--url <url>',
      'use the gateway that runs there, such as http://127.0.0.1:3000; without it the whole system is started for the demo, on temporary data',
      serverUrl,
    )
    .option(
      '--token <token>',
      'with --url: the bearer token (default: ORDERS_TOKEN), with users:write.any, catalog:write, orders:write.any, orders:read.any and orders:cancel.any',
    )
    .option(
      '--run <id>',
      'with --url: put before all ids of this run (default: made from the time); an ID again, with the same other options, continues where that run ended',
      runId,
    )
    .option(
      '--orders <n>',
      'place only the first N of the 5,009 orders',
      wholeNumber(1, MAX_ORDERS),
      MAX_ORDERS,
    )
    .option('--concurrency <n>', 'requests under way at once', wholeNumber(1, MAX_CONCURRENT), 64)
    .option(
      '--cancel-every <n>',
      'cancel every Nth order as soon as it is placed; 0 for none',
      wholeNumber(0, MAX_ORDERS),
      100,
    )
    .addHelpText('after', EXIT_CODES);

export const HELP = helpOf(createCommand());

/**
 * @returns `help` when that is asked for
 * @throws CliError with one sentence; SettingsError when the file that is to hold the token cannot be read
 */
export const parseOptions = (
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): DemoOptions | 'help' => {
  const command = createCommand();
  if (!readArguments(command, args)) return 'help';
  const { url, token, run, orders, concurrency, cancelEvery } = command.opts();
  if (run !== undefined && url === undefined)
    throw new CliError('--run goes with --url: a system started for the demo has no other runs');
  if (token !== undefined && url === undefined)
    throw new CliError('--token goes with --url: a system started for the demo asks for none');
  const known = url === undefined ? undefined : (token ?? readSecret(environment, 'ORDERS_TOKEN'));
  return { url, token: known, run, orderCount: orders, concurrency, cancelEvery };
};
