import { createRuntime, SECOND_MS, sleep } from '@order-pipeline/service-kit';

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
export const idleTransactions = async (database: Database): Promise<number> => {
  const before = await countTransactions(database);
  await sleep(createRuntime(), WINDOW_MS);
  return (await countTransactions(database)) - before;
};
