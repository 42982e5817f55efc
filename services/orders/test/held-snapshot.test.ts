import { expect, test } from '@jest/globals';
import { createPrismaAdapter, MAX_PASSED, type DueTimes } from '@order-pipeline/service-kit';
import {
  createTestLogger,
  createTestRuntime,
  explain,
  holdSnapshot,
  inTurn,
  pagesRead,
  times,
  type HeldSnapshot,
} from '@order-pipeline/testing';
import { useFixturePerTest } from '@order-pipeline/testing/fixtures';
import { Prisma, PrismaClient } from '../src/generated/client.ts';
import { findOverdue, oldestOnTheWay } from '../src/store/queries.ts';
import { createRepublication, republishDue } from '../src/store/republication.ts';
import type { Sql } from '../src/store/sql.ts';
import { createStanding, findWaiting } from '../src/store/stuck.ts';

type Client = Awaited<ReturnType<HeldSnapshot['connect']>>;
type Statement = Parameters<typeof explain>[1];

const MOST = 1_000;
const CHUNK = 10_000;
/** More than a look may pass. */
const MANY = 60_000;
/** Enough for a pass through all of them, and for what begins and ends it. */
const LOOKS = 6;

const runtime = createTestRuntime();
const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
const due = (hours: number): DueTimes => ({ until: ago(hours), ahead: ago(-1) });

const fixture = useFixturePerTest(async (postgres) => {
  const held = await holdSnapshot(postgres, 'orders', 'orders');
  const adapter = createPrismaAdapter(held.url, 'test', createTestLogger().logger);
  const database = new PrismaClient({ adapter });
  return { ...held, database, close: () => inTurn(held.close, () => database.$disconnect()) };
});

/** Orders in a status since a time, in hours ago; `{n}` in the id is a number. */
const place = (client: Pick<Client, 'query'>, id: string, status: string, hours: string, count = 1) =>
  client.query(`
    INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
    SELECT replace('${id}', '{n}', n::text), 'user', ${status}, '[{"itemId":"nothing","quantity":1}]', 'r', t, t, t
    FROM (SELECT n, now() - (${hours}) * interval '1 hour' FROM generate_series(1, ${count}) AS n) AS o(n, t)`);

/** Orders that were on their way between five and three hours ago, and of which the dead rows are left. */
const leaveDeadRows = async (count: number): Promise<void> => {
  const client = await fixture().connect();
  for (const chunk of times(count / CHUNK, (index) => index)) {
    const status = `(ARRAY['PENDING', 'PROCESSING', 'SHIPPED']::order_status[])[1 + n % 3]`;
    await place(client, `dead-${chunk}-{n}`, status, `5 - 2.0 * n / ${CHUNK}`, CHUNK);
    await client.query(`DELETE FROM orders WHERE id LIKE 'dead-%'`);
  }
};

const stand = async (id: string, status: string, hours: number): Promise<void> => {
  await place(await fixture().connect(), id, `'${status}'`, String(hours));
};

/** What runs statements, and keeps them. */
const recording = (): { readonly sql: Sql; readonly statements: Statement[] } => {
  const statements: Statement[] = [];
  const $queryRaw = (query: TemplateStringsArray, ...values: never[]) => {
    statements.push(Prisma.sql(query, ...values));
    return fixture().database.$queryRaw(query, ...values);
  };
  return { statements, sql: { $queryRaw, $executeRaw: fixture().database.$executeRaw } as Sql };
};

const pagesOf = async (look: (sql: Sql) => Promise<unknown>): Promise<number> => {
  const { sql, statements } = recording();
  await look(sql);
  const plans = [];
  for (const statement of statements)
    plans.push(await explain(fixture().database, statement, 'force_generic_plan'));
  return plans.reduce((sum, plan) => sum + pagesRead(plan), 0);
};

/** The looks of one instance. */
const createLooks = () => {
  const standing = createStanding();
  const republication = createRepublication(standing);
  return {
    stuck: (sql: Sql = fixture().database) => findWaiting(sql, due(1), MOST, standing),
    republication: (sql: Sql = fixture().database) =>
      republishDue(sql, { due: due(2), at: ago(0), limit: 500, except: [] }, runtime, republication),
    oldest: (sql: Sql = fixture().database) => oldestOnTheWay(sql, due(0), standing),
    sweep: (sql: Sql = fixture().database) => findOverdue(sql, due(1), undefined, 500, standing),
  };
};

type Looks = ReturnType<typeof createLooks>;

/** The most that each look reads, of so many one after the other, in pages. */
const mostPages = async (looks: Looks): Promise<Record<keyof Looks, number>> => {
  const most = { stuck: 0, republication: 0, oldest: 0, sweep: 0 };
  for (let turn = 0; turn < LOOKS; turn += 1) {
    for (const name of Object.keys(most) as (keyof Looks)[])
      most[name] = Math.max(most[name], await pagesOf(looks[name]));
  }
  return most;
};

const lookOften = async (looks: Looks, count = LOOKS): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) {
    await looks.stuck();
    await looks.republication();
  }
};

/** What a look may read: an entry of the index takes a page of the table at the most. */
const MAX_PAGES = 1.25 * MAX_PASSED + 2_500;
const CHEAP_PAGES = 500;

test('twice as many dead rows under a held snapshot cost no look more', async () => {
  const looks = createLooks();
  await leaveDeadRows(MANY);
  // One that begins passes all of them, and learns where they are.
  await lookOften(looks);
  const few = await mostPages(looks);
  await leaveDeadRows(MANY);
  await lookOften(looks);
  const many = await mostPages(looks);
  for (const most of [few, many]) {
    expect(most.stuck).toBeLessThan(MAX_PAGES);
    expect(most.republication).toBeLessThan(MAX_PAGES);
    expect(most.oldest).toBeLessThan(CHEAP_PAGES);
    expect(most.sweep).toBeLessThan(CHEAP_PAGES);
  }
  // What passes all of them reads more.
  expect(await pagesOf(createLooks().stuck)).toBeGreaterThan(2 * MAX_PASSED);
}, 240_000);

const idsOf = (orders: readonly { readonly id: string }[]): string[] => orders.map(({ id }) => id).toSorted();

/** The ids of those that are announced again, each once, within a pass. */
const announcedBy = async (looks: Looks): Promise<string[]> => {
  const ids: string[] = [];
  for (let turn = 0; turn < LOOKS; turn += 1) {
    await looks.stuck();
    ids.push(...(await looks.republication()).map(({ orderId }) => orderId));
  }
  return ids.toSorted();
};

/** A database that ends the first statement of each look, as one does that passes too much. */
const failOnce = async (looks: Looks): Promise<void> => {
  const timedOut = new Error('canceling statement due to statement timeout');
  const sql = { ...fixture().database, $queryRaw: () => Promise.reject(timedOut) } as unknown as Sql;
  await expect(looks.stuck(sql)).rejects.toThrow(timedOut);
  await expect(looks.republication(sql)).rejects.toThrow(timedOut);
};

test('under a held snapshot every stuck order is found, announced again and reported on, whatever its date', async () => {
  const looks = createLooks();
  await leaveDeadRows(MANY);
  await stand('old', 'PROCESSING', 24 * 365 * 9);
  await stand('among', 'SHIPPED', 4);
  // An instance that starts knows nothing, and cannot read all at once.
  await failOnce(looks);
  expect(await announcedBy(looks)).toEqual(['among', 'old']);
  expect(idsOf(await looks.stuck())).toEqual(['among', 'old']);
  // Of age since, and committed late with a date that was read before.
  await stand('new', 'PENDING', 2.000_01);
  await stand('late', 'PENDING', 4.5);
  await stand('very-late', 'SHIPPED', 24 * 30);
  expect(await announcedBy(looks)).toEqual(['late', 'new', 'very-late']);
  const all = ['among', 'late', 'new', 'old', 'very-late'];
  expect(idsOf(await looks.stuck())).toEqual(all);
  expect((await looks.sweep()).toSorted()).toEqual(['late', 'new']);
  const oldest = (await looks.oldest()).map(({ id }) => id);
  expect(oldest).toEqual(expect.arrayContaining(['old', 'late', 'very-late']));
  // What has been moved is no longer among them, at once.
  await fixture().database.$executeRaw`UPDATE orders SET status = 'DELIVERED' WHERE id IN ('old', 'late')`;
  expect(idsOf(await looks.stuck())).toEqual(['among', 'new', 'very-late']);
  expect(await looks.sweep()).toEqual(['new']);
}, 120_000);

test('under a held snapshot an order whose row was locked is announced again by the next look', async () => {
  const looks = createLooks();
  await leaveDeadRows(MANY);
  await lookOften(looks);
  await stand('locked', 'PENDING', 2.000_01);
  const holder = await fixture().connect();
  await holder.query('BEGIN');
  await holder.query(`SELECT FROM orders WHERE id = 'locked' FOR UPDATE`);
  await looks.stuck();
  expect(await looks.republication()).toEqual([]);
  expect(idsOf(await looks.stuck())).toEqual(['locked']);
  await holder.query('ROLLBACK');
  expect(await looks.republication()).toMatchObject([{ orderId: 'locked', status: 'PENDING' }]);
}, 120_000);
