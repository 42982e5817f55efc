import { expect } from '@jest/globals';
import { createRuntime, SECOND_MS, sleep } from '@order-pipeline/service-kit';
import { eventually } from './eventually.ts';
import { times } from './times.ts';

// Beside the index: jest's globals are there only while jest runs.

/** What is used of a client of Prisma. */
interface Database {
  $queryRawUnsafe<T>(sql: string): PromiseLike<T>;
}

const WINDOW_MS = 5 * SECOND_MS;

const TRANSACTIONS = `
  SELECT (xact_commit + xact_rollback)::float8 AS count FROM pg_stat_database WHERE datname = current_database()`;

const countTransactions = async (database: Database): Promise<number> => {
  const [row] = await database.$queryRawUnsafe<{ count: number }[]>(TRANSACTIONS);
  return row?.count ?? 0;
};

/** How many transactions end in a database within five seconds: of its services' own accord, where nobody asks for anything. */
const idleTransactions = async (database: Database): Promise<number> => {
  const before = await countTransactions(database);
  await sleep(createRuntime(), WINDOW_MS);
  return (await countTransactions(database)) - before;
};

const INSTANCES = 8;

/**
 * Eight instances of a service that have nothing to do ask its database hardly more than one.
 *
 * @param busyWith more transactions than this end within five seconds where one instance runs
 * @param startAnother starts one beside it
 */
export const expectIdleInstancesToShare = async (
  database: Database,
  busyWith: number,
  startAnother: () => Promise<unknown>,
): Promise<void> => {
  let one = 0;
  await eventually(
    async () => {
      one = await idleTransactions(database);
      // Once it has started, and on a machine that lets it.
      expect(one).toBeGreaterThan(busyWith);
    },
    { timeoutMs: 60 * SECOND_MS },
  );
  await Promise.all(times(INSTANCES - 1, startAnother));
  // Until they have met in their group all of them lead.
  await eventually(async () => expect(await idleTransactions(database)).toBeLessThan(2 * one), {
    timeoutMs: 90 * SECOND_MS,
  });
};
