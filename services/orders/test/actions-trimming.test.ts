import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inventoryService } from '@order-pipeline/inventory';
import { HOUR_MS, DAY_MS, openClient } from '@order-pipeline/service-kit';
import {
  createTestBroker,
  createTestRuntime,
  eventually,
  inTurn,
  startTestService,
  withOwnGroups,
  type TestService,
} from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { usersService } from '@order-pipeline/users';
import { ordersService } from '../src/index.ts';

const YEAR_MS = 365 * DAY_MS;
/** More than a statement deletes, and no multiple of it. */
const MANY = 2_500;
/** A real Kafka takes its time to let members into a group. */
const WAIT = { timeoutMs: 60_000 };

const postgres = useTestPostgres();
/** The runtime of a process, in which what waits for an hour waits until the test says that it is over. */
const createHours = (aheadMs = 0) => {
  let due: (() => void)[] = [];
  const real = createTestRuntime();
  const runtime = createTestRuntime({
    wallClock: () => Date.now() + aheadMs,
    after: (ms, fn) => {
      if (ms !== HOUR_MS) return real.after(ms, fn);
      due.push(fn);
      return () => {
        due = due.filter((other) => other !== fn);
      };
    },
  });
  const pass = async (): Promise<void> => {
    const [work] = due.splice(0);
    if (!work) throw new Error('nothing waits for the hour');
    work();
    // It waits for the next hour when it has done all that there was to do.
    await eventually(() => expect(due).toHaveLength(1), WAIT);
  };
  return { runtime, pass };
};

const SERVICES = { users: usersService, inventory: inventoryService, orders: ordersService };

describe.each(['users', 'inventory', 'orders'] as const)('what operators did, in %s', (name) => {
  const opened: (() => Promise<unknown>)[] = [];
  let databaseUrl = '';
  let query: (text: string, values?: unknown[]) => Promise<{ rows: { n: number }[] }>;

  beforeAll(async () => {
    databaseUrl = await postgres.migratedDatabase(name);
    const client = await openClient({ url: databaseUrl, applicationName: 'test' });
    opened.push(() => client.end());
    query = (text, values = []) => client.query(text, values);
  });
  afterAll(() => inTurn(...opened.toReversed()));

  /** Records so many actions, so long ago. */
  const record = (count: number, agoMs: number) =>
    query(
      `INSERT INTO operator_actions (id, at, action, target, "by", proof, request_id)
       SELECT lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '-' || md5(random()::text) || '-' || n,
         at, 'ADD_ITEM', 'item' || n, 'ann', 'TOKEN', 'r-1'
       FROM (SELECT now() - $2::float8 * interval '1 millisecond' AS at, n FROM generate_series(1, $1::int) AS n) AS old`,
      [count, agoMs],
    );
  const countOlderThan = async (agoMs: number): Promise<number> => {
    const { rows } = await query(
      `SELECT count(*)::int AS n FROM operator_actions WHERE at < now() - $1::float8 * interval '1 millisecond'`,
      [agoMs],
    );
    return rows[0]?.n ?? Number.NaN;
  };
  const start = async (
    environment: Record<string, string> = {},
    { aheadMs = 0, broker = withOwnGroups(createTestBroker()) } = {},
  ): Promise<TestService & { readonly pass: () => Promise<void> }> => {
    const { runtime, pass } = createHours(aheadMs);
    // The type of each service's settings is its own.
    const service = SERVICES[name] as typeof ordersService;
    const started = await startTestService(service, { databaseUrl, environment, broker, runtime });
    opened.push(() => started.close());
    return { ...started, pass };
  };

  test('goes after a year, a batch at a time, and what is younger stays', async () => {
    const { pass, logs } = await start();
    await record(MANY, YEAR_MS + DAY_MS);
    await record(3, YEAR_MS - DAY_MS);
    await pass();
    expect(await countOlderThan(YEAR_MS)).toBe(0);
    expect(await countOlderThan(0)).toBe(3);
    const lines = logs.filter(({ msg }) => msg === 'old operator actions deleted');
    expect(lines.map(({ deleted }) => deleted)).toEqual([1_000, 1_000, 500]);
  });

  test('goes when OPERATOR_ACTIONS_RETENTION_MS says, or never', async () => {
    await record(2, 2 * YEAR_MS);
    const before = await countOlderThan(0);
    await (await start({ OPERATOR_ACTIONS_RETENTION_MS: '-1' })).pass();
    expect(await countOlderThan(0)).toBe(before);
    await (await start({ OPERATOR_ACTIONS_RETENTION_MS: String(3 * YEAR_MS) })).pass();
    expect(await countOlderThan(0)).toBe(before);
    await (await start({ OPERATOR_ACTIONS_RETENTION_MS: String(DAY_MS) })).pass();
    expect(await countOlderThan(0)).toBe(0);
  });

  test('stays while the clock of the process alone says that it is old', async () => {
    await record(1, DAY_MS);
    await (await start({}, { aheadMs: 10 * YEAR_MS })).pass();
    expect(await countOlderThan(0)).toBe(1);
  });

  test('is deleted by the instance that leads, where there is a consumer group', async () => {
    const broker = withOwnGroups(createTestBroker());
    const instances = [await start({}, { broker }), await start({}, { broker })];
    await eventually(async () => {
      const deleted: boolean[] = [];
      for (const { pass } of instances) {
        await record(1, 2 * YEAR_MS);
        const before = await countOlderThan(YEAR_MS);
        await pass();
        deleted.push((await countOlderThan(YEAR_MS)) < before);
      }
      expect(deleted.filter(Boolean)).toHaveLength(name === 'users' ? 2 : 1);
    }, WAIT);
  }, 90_000);
});
