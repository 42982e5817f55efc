import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, times } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { hangLists, readHanging } from './hanging-lists.ts';
import { orderOf, useHarness } from './harness.ts';

const postgres = useTestPostgres();
const harness = useHarness(postgres);

/** How many lists wait at the tables. */
const readStuck = async (): Promise<number> => {
  const [row] = await harness.database.orders.$queryRaw<{ stuck: number }[]>`
    SELECT count(*)::int AS stuck FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%.seq DESC LIMIT%'`;
  return row?.stuck ?? 0;
};

test('of lists that hang, two at once have a connection, and all are answered 503 with Retry-After', async () => {
  let most = 0;
  await harness.database.orders.$transaction(
    async (sql) => {
      await sql.$executeRaw`LOCK TABLE orders, dead_letters IN ACCESS EXCLUSIVE MODE`;
      let done = false;
      const paths = times(5, () => ['/api/orders', '/ops/orders?itemId=lamp', '/ops/dead-letters']).flat();
      const begun = Promise.all(paths.map((path) => harness.orders.server.inject(path))).finally(() => {
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
  expect((await harness.orders.server.inject('/api/orders')).statusCode).toBe(200);
});

describe('while lists hang in the database', () => {
  let url: string;
  let letGo: () => Promise<void>;

  beforeAll(async () => {
    url = await harness.orders.listen();
    letGo = await hangLists(harness.database.orders);
  });

  afterAll(() => letGo?.());

  const cancelled = () =>
    harness.orders.logs.filter(({ reason }) => reason === 'canceling statement due to user request');

  test.each(['/api/orders', '/api/orders/user/user11'])(
    'the statement of a list is cancelled when its client goes: %s',
    async (path) => {
      const before = cancelled().length;
      // Its own limit of time may end a list first, where the processor is busy.
      await eventually(
        async () => {
          const going = new AbortController();
          const gone = expect(fetch(`${url}${path}`, { signal: going.signal })).rejects.toThrow(/abort/i);
          await eventually(async () => expect(await readHanging(harness.database.orders)).toBe(1));
          going.abort();
          await gone;
          await eventually(async () => expect(await readHanging(harness.database.orders)).toBe(0));
          expect(cancelled().length).toBeGreaterThan(before);
        },
        { timeoutMs: 60_000 },
      );
    },
    90_000,
  );

  test('orders are placed', async () => {
    const itemId = await harness.addItem(1_000);
    let done = false;
    const lists = Promise.all(
      times(10, async () => {
        while (!done) await harness.orders.server.inject('/api/orders');
      }),
    );
    await eventually(async () => expect(await readHanging(harness.database.orders)).toBe(2));
    const replies = [];
    for (const order of times(50, () => orderOf({ [itemId]: 1 }))) replies.push(await harness.place(order));
    done = true;
    await lists;
    expect(replies.map(({ status }) => status)).toEqual(times(50, () => 201));
  }, 60_000);
});
