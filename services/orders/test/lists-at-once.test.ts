import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inTurn, startTestPostgres, times, type TestPostgres } from '@order-pipeline/testing';
import { startShop, type Shop } from './shop.ts';

let postgres: TestPostgres;
let shop: Shop;

beforeAll(async () => {
  postgres = await startTestPostgres();
  shop = await startShop(postgres);
});

afterAll(() =>
  inTurn(
    () => shop?.close(),
    () => postgres?.stop(),
  ),
);

/** How many lists wait at the tables. */
const readStuck = async (): Promise<number> => {
  const [row] = await shop.database.orders.$queryRaw<{ stuck: number }[]>`
    SELECT count(*)::int AS stuck FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%.seq DESC LIMIT%'`;
  return row?.stuck ?? 0;
};

test('of lists that hang, two at once have a connection, and all are answered 503 with Retry-After', async () => {
  let most = 0;
  await shop.database.orders.$transaction(
    async (sql) => {
      await sql.$executeRaw`LOCK TABLE orders, dead_letters IN ACCESS EXCLUSIVE MODE`;
      let done = false;
      const paths = times(5, () => ['/api/orders', '/ops/dead-letters']).flat();
      const begun = Promise.all(paths.map((path) => shop.orders.server.inject(path))).finally(() => {
        done = true;
      });
      while (!done) most = Math.max(most, await readStuck());
      for (const { statusCode, headers } of await begun) {
        expect([statusCode, headers['retry-after']]).toEqual([503, '1']);
      }
    },
    { timeout: 20_000 },
  );
  expect(most).toBe(2);
  expect((await shop.orders.server.inject('/api/orders')).statusCode).toBe(200);
});
