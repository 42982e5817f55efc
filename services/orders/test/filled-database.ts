import { createPrismaAdapter } from '@order-pipeline/service-kit';
import { createTestLogger, times, type TestPostgres } from '@order-pipeline/testing';
import { PrismaClient } from '../src/generated/client.ts';

/** How many orders stand in each status on the way, more than any statement may look at. */
export const ON_THE_WAY_EACH = 5_000;
/** More open letters than are counted. */
export const OPEN_LETTERS = 12_000;

/** Rows a statement, which has to end in its time on a machine that is busy. */
const CHUNK = 2_500;

/** Statements that fill a table with `count` rows, each of `FROM n`. */
const fill = (count: number, insert: (numbers: string) => string): string[] =>
  times(Math.ceil(count / CHUNK), (chunk) =>
    insert(`generate_series(${chunk * CHUNK + 1}, ${Math.min(count, (chunk + 1) * CHUNK)}) AS n`),
  );

/** Five at a time were stored in the same millisecond, the first of them two hours ago. */
const orders = (status: string, count: number, announcedAt = 't'): string[] =>
  fill(
    count,
    (numbers) => `
      INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
      SELECT '${status}-' || n, 'user-' || n % 3, '${status}', '[{"itemId":"nothing","quantity":1}]', 'r' || n, t, t, ${announcedAt}
      FROM (SELECT n, now() - interval '2 hours' + n / 5 * interval '1 second' FROM ${numbers}) AS o(n, t)`,
  );

const letters = (status: string, topic: string, group: string, count: number): string[] =>
  fill(
    count,
    (numbers) => `
      INSERT INTO dead_letters (id, status, topic, partition, message_offset, consumer_group, reason, tries, redrives,
        previous_id, order_id, failed_at, received_at, updated_at, headers)
      SELECT '${status}-${topic}-' || n, '${status}', '${topic}', 0, n, '${group}', 'broken', 5, 0,
        'REDRIVEN-ORDER_PLACED-' || n, 'PENDING-' || n, now(), now(), now(), '[]' FROM ${numbers}`,
  );

const actions = fill(
  10_000,
  (numbers) => `
    INSERT INTO operator_actions (id, at, action, target, "by", proof, request_id)
    SELECT '000000000000-000000000000-' || lpad(n::text, 6, '0'), now(), 'CANCEL_ORDER', 'PENDING-' || n, 'ann', 'TOKEN', 'r'
    FROM ${numbers}`,
);

const TABLES = ['orders', 'order_history', 'outbox', 'dead_letters', 'operator_actions'];
const LOOK = TABLES.map((table) => `ANALYZE ${table}`);

/** What has gathered over the years. */
const DONE = [
  ...TABLES.map((table) => `ALTER TABLE ${table} SET (autovacuum_enabled = false)`),
  ...orders('DELIVERED', 20_000),
  ...letters('REDRIVEN', 'ORDER_PLACED', 'workflow', 5_000),
  ...actions,
];

/** What is under way. PENDING ones were announced again a moment ago, and cancelled ones wait for their stock's return. */
const UNDER_WAY = [
  ...orders('PENDING', ON_THE_WAY_EACH, 'now()'),
  ...orders('PROCESSING', ON_THE_WAY_EACH),
  ...orders('SHIPPED', ON_THE_WAY_EACH),
  ...orders('CANCELLED', ON_THE_WAY_EACH),
  ...letters('OPEN', 'ORDER_PLACED', 'workflow', OPEN_LETTERS),
  ...letters('OPEN', 'ORDER_SHIPPED', 'delivery', 7),
  ...letters('REDRIVING', 'ORDER_PLACED', 'workflow', 5_000),
  ...fill(
    5_000,
    (numbers) => `
      INSERT INTO order_history (order_id, status, at, cause) SELECT 'PENDING-' || n, 'PENDING', now(), '' FROM ${numbers}`,
  ),
  ...fill(
    12_000,
    (numbers) => `
      INSERT INTO outbox (event_id, event, traceparent, created_at)
      SELECT 'PROCESSING-' || n || ':PROCESSING', '{}', '', now() FROM ${numbers}`,
  ),
];

/** What PostgreSQL knows of how much there is: it looks now and then, and what is under way comes and goes meanwhile. */
export const STATISTICS = ['of a quiet hour', 'of now'] as const;

/** The orders database with much in it. */
export const openFilledDatabase = async (
  postgres: TestPostgres,
  statistics: (typeof STATISTICS)[number],
): Promise<PrismaClient<'query'>> => {
  const url = await postgres.migratedDatabase('orders');
  const { logger } = createTestLogger();
  const database = new PrismaClient({
    adapter: createPrismaAdapter(url, 'test', logger),
    log: [{ emit: 'event', level: 'query' }],
  });
  const statements = [...DONE, ...LOOK, ...UNDER_WAY, ...(statistics === 'of now' ? LOOK : [])];
  for (const statement of statements) await database.$executeRawUnsafe(statement);
  return database;
};
