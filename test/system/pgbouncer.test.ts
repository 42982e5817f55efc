import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DATABASE_NAMES, type DatabaseName } from '@order-pipeline/contracts';
import { openClient } from '@order-pipeline/service-kit';
import {
  createTestLogger,
  eventually,
  hasPgBouncer,
  inTurn,
  startPgBouncer,
  startTestPostgres,
  times,
  type PgBouncer,
  type TestPostgres,
} from '@order-pipeline/testing';
import { defineAuditTest } from '../audit.ts';
import { createGateway, unique, type Gateway } from '../gateway.ts';
import { startWholeSystem, type StartedSystem } from './start.ts';

// The whole system behind PgBouncer, the real one, in transaction mode: eighteen connections of the services share five of the
// server. The roles of the services may not change a schema; the migrations lead to PostgreSQL itself. The audit, too, goes by
// way of PgBouncer.

const CONNECTIONS: Readonly<Record<DatabaseName, number>> = { users: 1, inventory: 2, orders: 2 };
const PASSWORD = 'of-the-tests';

const run = async <R extends object>(
  url: string,
  statement: string,
  values: unknown[] = [],
): Promise<R[]> => {
  const client = await openClient({ url, applicationName: 'test' });
  try {
    return (await client.query<R>(statement, values)).rows;
  } finally {
    await client.end();
  }
};

(hasPgBouncer ? describe : describe.skip)('behind PgBouncer', () => {
  const { logger, logs } = createTestLogger();
  const owners = {} as Record<DatabaseName, string>;
  const roles: string[] = [];
  let postgres: TestPostgres;
  let bouncer: PgBouncer;
  let started: StartedSystem;
  let gateway: Gateway;

  /** The database of a role that owns nothing of it. */
  const asRole = async (owner: string): Promise<string> => {
    const role = unique('pooled').replaceAll('-', '_');
    roles.push(role);
    await run(owner, `CREATE ROLE "${role}" LOGIN PASSWORD '${PASSWORD}'`);
    const url = new URL(owner);
    url.username = role;
    url.password = PASSWORD;
    return url.href;
  };

  const connections = async (): Promise<number> => {
    const [counted] = await run<{ count: number }>(
      owners.orders,
      'SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = ANY($1)',
      [roles],
    );
    return counted?.count ?? 0;
  };

  beforeAll(async () => {
    postgres = await startTestPostgres();
    for (const name of DATABASE_NAMES) owners[name] = await postgres.freshDatabase(name);
    const pooled = await Promise.all(
      DATABASE_NAMES.map(async (name) => ({
        name,
        url: await asRole(owners[name]),
        connections: CONNECTIONS[name],
      })),
    );
    bouncer = await startPgBouncer(pooled);
    started = await startWholeSystem({
      logger,
      environment: Object.fromEntries(
        pooled.flatMap(({ name, url }) => [
          [`${name.toUpperCase()}_DATABASE_URL`, bouncer.url(url)],
          [`${name.toUpperCase()}_MIGRATION_DATABASE_URL`, owners[name]],
        ]),
      ),
    });
    gateway = createGateway(started.system.url);
    await eventually(async () => expect((await gateway.get('/health/ready')).status).toBe(200), {
      timeoutMs: 30_000,
    });
  }, 90_000);

  afterAll(() =>
    inTurn(
      () => gateway?.close(),
      () => started?.stop(),
      () => bouncer?.stop(),
      () => postgres?.stop(),
    ),
  );

  test('orders are placed, listed, moved and cancelled over fewer connections than the services have', async () => {
    const [userId, itemId] = [unique('user'), unique('item')];
    await gateway.addUser(userId);
    await gateway.addItem(itemId, 1_000);
    const orderIds = times(60, () => unique('order'));
    const placed = await Promise.all(orderIds.map((id) => gateway.place(id, userId, { [itemId]: 1 })));
    expect(new Set(placed.map(({ status }) => status))).toEqual(new Set([201]));
    const repeated = await gateway.place(orderIds[0] ?? '', userId, { [itemId]: 1 });
    expect(repeated.status).toBe(201);
    const listed = await Promise.all(times(20, () => gateway.get('/api/orders?limit=5')));
    expect(new Set(listed.map(({ status }) => status))).toEqual(new Set([200]));
    const cancels = orderIds.slice(0, 20).map((id) => gateway.post(`/api/orders/${id}/cancel`));
    const cancelled = (await Promise.all(cancels)).filter(({ status }) => status === 200).length;
    // One that has moved on by then is not cancelled.
    await eventually(
      async () => {
        const statuses = await Promise.all(orderIds.map((id) => gateway.statusOf(id)));
        expect(statuses.filter((status) => status === 'CANCELLED')).toHaveLength(cancelled);
        expect(statuses.filter((status) => status === 'DELIVERED')).toHaveLength(60 - cancelled);
      },
      { timeoutMs: 30_000 },
    );
    await eventually(
      async () =>
        expect(await gateway.stockOf(itemId)).toEqual({
          availableQty: 940 + cancelled,
          reservedQty: 0,
        }),
      { timeoutMs: 30_000 },
    );
    expect(await connections()).toBeLessThanOrEqual(5);
  }, 90_000);

  test('PgBouncer is killed and started anew: 503 at most, and every acknowledged order is delivered', async () => {
    const [userId, itemId] = [unique('user'), unique('item')];
    await gateway.addUser(userId);
    await gateway.addItem(itemId, 100_000);
    const from = logs.length;
    const acknowledged: string[] = [];
    const refused: number[] = [];
    let goesOn = true;
    const placing = times(4, async () => {
      while (goesOn) {
        const orderId = unique('order');
        const { status } = await gateway.place(orderId, userId, { [itemId]: 1 });
        if (status === 201) acknowledged.push(orderId);
        else refused.push(status);
      }
    });
    const more = async (list: readonly unknown[]) => {
      const before = list.length;
      await eventually(() => expect(list.length).toBeGreaterThan(before + 20), { timeoutMs: 60_000 });
    };
    for (let round = 0; round < 2; round += 1) {
      await more(acknowledged);
      const before = refused.length;
      await bouncer.kill();
      await eventually(() => expect(refused.length).toBeGreaterThan(before), { timeoutMs: 30_000 });
      await bouncer.start();
      await more(acknowledged);
    }
    goesOn = false;
    await Promise.all(placing);
    expect([...new Set(refused)]).toEqual([503]);
    for (const orderId of acknowledged) await gateway.reaches(orderId, 'DELIVERED', 60_000);
    expect(logs.slice(from).filter(({ level }) => level >= 50)).toEqual([]);
  }, 180_000);

  defineAuditTest(() => started.system);
});
