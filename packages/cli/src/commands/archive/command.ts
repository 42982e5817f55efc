import { Command } from '@commander-js/extra-typings';
import type { ArchiveReport } from '@order-pipeline/archive';
import { archiveSettings, parseSettings } from '@order-pipeline/service-kit';
import { z } from 'zod';
import type { Cli } from '../../kit/cli.ts';
import { CliError } from '../../kit/cli-error.ts';
import { openDatabases } from '../../kit/databases.ts';
import { report } from '../../kit/outcome.ts';
import { wholeNumber } from '../../kit/values.ts';

const MAX_ORDERS_PER_FILE = 100_000;
const DEFAULT_ORDERS_PER_FILE = 20_000;

const settings = z.object(archiveSettings);

const DETAILS = `
Orders that were delivered or cancelled more than RETAIN_ORDERS_DAYS days ago go into the folder, with their histories and
reservations, a folder a month, and are removed from the databases (ORDERS_/INVENTORY_DATABASE_URL, DATA_DIR). Nothing is
archived while RETAIN_ORDERS_DAYS is not set. It may run beside the system, and be ended at any moment: the next run finishes
what was begun. Give the same folder each time.`;

const NOTHING = 'RETAIN_ORDERS_DAYS is not set: every order is kept';

const textOf = ({ closedBefore, orders, files, left, finished }: ArchiveReport): string =>
  [
    ...(finished > 0 ? [`Finished what an earlier run had begun: ${finished} files.`] : []),
    `Archived ${orders} orders in ${files} files, closed before ${closedBefore}.`,
    ...(left > 0 ? [`${left} orders of that age stay for now: something waits for them.`] : []),
  ].join('\n');

/** Whatever goes wrong is printed in a sentence; the next run finishes what was begun. */
const failed = (error: unknown): CliError => {
  if (error instanceof CliError) return error;
  const sentence = error instanceof Error && error.message !== '' ? error.message : String(error);
  return new CliError(`The archive could not be made: ${sentence}`);
};

const archive = async (
  cli: Cli,
  dir: string,
  retainDays: number,
  ordersPerFile: number,
): Promise<ArchiveReport> => {
  const { environment, runtime, say, onClose } = cli;
  const purpose = { environment, runtime, say, onOpen: onClose, what: 'the archive' };
  const { url } = await openDatabases(['orders', 'inventory'], purpose);
  // Loaded here: the other commands do without PostgreSQL.
  const { archiveOrders } = await import('@order-pipeline/archive');
  const databases = { orders: url('orders'), inventory: url('inventory') };
  return archiveOrders({ databases, dir, retainDays, ordersPerFile, runtime, progress: say }).catch(
    (error: unknown) => {
      throw failed(error);
    },
  );
};

/** `archive`: moves old orders out of the databases into files. */
export const createArchiveCommand = (cli: Cli) =>
  new Command('archive')
    .description('Move orders that were closed long ago into Parquet files')
    .argument('<dir>', 'the folder of the archive; it is made where it is missing')
    .option('--json', 'JSON instead of text', false)
    .option(
      '--orders-per-file <n>',
      'put so many orders into a file at most; each file is removed by one transaction',
      wholeNumber(1, MAX_ORDERS_PER_FILE),
      DEFAULT_ORDERS_PER_FILE,
    )
    .addHelpText('after', DETAILS)
    .action(async (dir, { json, ordersPerFile }) => {
      const { RETAIN_ORDERS_DAYS: retainDays } = parseSettings(settings, cli.environment);
      if (retainDays === undefined) return report(cli, json, { text: NOTHING, data: { archived: false } });
      const data = await archive(cli, dir, retainDays, ordersPerFile);
      await report(cli, json, { text: textOf(data), data });
    });
