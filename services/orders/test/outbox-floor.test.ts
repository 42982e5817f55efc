import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createPrismaAdapter, openClient } from '@order-pipeline/service-kit';
import {
  createTestLogger,
  createTestRuntime,
  explain,
  inTurn,
  pagesRead,
  statementsOf,
  times,
} from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { Prisma, PrismaClient } from '../src/generated/client.ts';
import { createOutboxFloor, type OutboxFloor } from '../src/store/outbox-floor.ts';
import { createOutbox, outboxBacklog } from '../src/store/outbox.ts';
import type { Database } from '../src/store/sql.ts';

type Client = Awaited<ReturnType<typeof openClient>>;

const runtime = createTestRuntime();
const CHUNK = 10_000;
/** Those of an index that is one level deeper, and of a few catalogs. */
const MAX_MORE_PAGES = 20;

let url: string;
let database: PrismaClient;
let floor: OutboxFloor;
/** Sessions beside the service's. */
let clients: Client[];

const postgres = useTestPostgres();

beforeEach(async () => {
  clients = [];
  url = await postgres.migratedDatabase('orders');
  database = new PrismaClient({ adapter: createPrismaAdapter(url, 'test', createTestLogger().logger) });
  floor = createOutboxFloor();
});

afterEach(() =>
  inTurn(
    () => Promise.all(clients.map((client) => client.end())),
    () => database?.$disconnect(),
  ),
);

const connect = async (): Promise<Client> => {
  const client = await openClient({ url, applicationName: 'test' });
  clients.push(client);
  return client;
};

const insert = (name: string, count = 1): string => `
  INSERT INTO outbox (event_id, event, traceparent, created_at)
  SELECT '${name}-' || n || ':PENDING', '{}', '', now() FROM generate_series(1, ${count}) AS n`;

/** Rows that were published, whose dead remains stay for as long as somebody's snapshot does. */
const leaveDeadRows = async (client: Client, count: number): Promise<void> => {
  for (const chunk of times(count / CHUNK, (index) => index)) {
    await client.query(insert(`dead-${chunk}`, CHUNK));
    await client.query('DELETE FROM outbox');
  }
};

const holdSnapshot = async (): Promise<void> => {
  const client = await connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await client.query('SELECT count(*) FROM outbox');
};

const lookAt = (of = floor) => outboxBacklog(database, of, runtime);

/** As often as a floor needs to rise over what has ended. */
const lookOften = async (of = floor): Promise<void> => {
  for (let index = 0; index < 4; index += 1) await lookAt(of);
};

const outbox = (sql: Pick<Database, '$transaction'> = database, of = floor) => createOutbox(sql, runtime, of);

/** The orders whose events a relay takes now. */
const publishAll = async (of = floor): Promise<string[]> => {
  const before = await database.$queryRaw<{ id: string }[]>`SELECT event_id AS id FROM outbox ORDER BY id`;
  await outbox(database, of).publishNext({ limit: 1_000 }, async () => []);
  const after = await database.$queryRaw<{ id: string }[]>`SELECT event_id AS id FROM outbox`;
  const left = new Set(after.map(({ id }) => id));
  return before.map(({ id }) => id).filter((id) => !left.has(id));
};

/** Matches no more pages than without dead rows, and some. */
const few = (without = 0) => ({
  asymmetricMatch: (pages: unknown) => typeof pages === 'number' && pages <= without + MAX_MORE_PAGES,
  toString: () => `at most ${without + MAX_MORE_PAGES}`,
});

/** What each poll reads, in pages. */
const pagesOfPolls = async (): Promise<Record<string, number>> => {
  const polls: Record<string, (sql: Database) => Promise<unknown>> = {
    relay: (sql) => outbox(sql).publishNext({ limit: 1_000 }, async () => []),
    look: (sql) => outboxBacklog(sql, { ...floor, look: () => () => true }, runtime),
  };
  const pages = await Promise.all(
    Object.entries(polls).map(async ([name, poll]) => {
      const statements = await statementsOf(Prisma.sql, poll);
      const plans = await Promise.all(
        statements.map((statement) => explain(database, statement, 'force_generic_plan')),
      );
      return [name, plans.reduce((sum, plan) => sum + pagesRead(plan), 0)] as const;
    }),
  );
  return Object.fromEntries(pages);
};

test('a hundred thousand dead rows under a held snapshot cost no poll more than a few pages', async () => {
  const client = await connect();
  await client.query(insert('first', 100));
  await client.query('DELETE FROM outbox');
  await lookOften();
  const without = await pagesOfPolls();
  await holdSnapshot();
  await leaveDeadRows(client, 100_000);
  await lookOften();
  expect(await pagesOfPolls()).toEqual({ relay: few(without['relay']), look: few(without['look']) });
  // An instance that starts has to pass them, in small steps, until it knows the floor as well.
  const started = createOutboxFloor();
  await lookOften(started);
  expect(started.current()).toBe(floor.current());
  await client.query(insert('late', 3));
  expect(await lookAt()).toMatchObject({ depth: 3 });
  expect(await publishAll()).toHaveLength(3);
}, 60_000);

/** A row that is inserted and not committed, below a hundred that were committed after it. */
const insertLate = async (): Promise<Client> => {
  const late = await connect();
  const client = await connect();
  await lookOften();
  await late.query('BEGIN');
  await late.query(insert('late'));
  await client.query(insert('early', 100));
  return late;
};

test('a row that is committed late, behind others that are gone, is published', async () => {
  const late = await insertLate();
  expect(await publishAll()).toHaveLength(100);
  await lookOften();
  await late.query('COMMIT');
  expect(await publishAll()).toEqual(['late-1:PENDING']);
  expect(await lookAt()).toEqual({ depth: 0, oldest: undefined });
});

test('a row that was committed between two looks is below no floor', async () => {
  const late = await insertLate();
  await publishAll();
  await lookAt();
  await late.query('COMMIT');
  await lookOften();
  expect(await publishAll()).toEqual(['late-1:PENDING']);
});

test('a transaction that writes again and again, and continues, holds the floor back and no longer', async () => {
  const busy = await connect();
  const client = await connect();
  await busy.query('BEGIN');
  for (const name of ['a', 'b', 'c']) {
    await busy.query(insert(name));
    await client.query(insert(`beside-${name}`, 50));
    await publishAll();
    await lookOften();
  }
  expect(floor.current()).toBe(0n);
  await busy.query('ROLLBACK');
  await lookOften();
  expect(floor.current()).toBe(153n);
  await client.query(insert('after'));
  expect(await publishAll()).toEqual(['after-1:PENDING']);
});

test('what one instance has in hand and then leaves is above the floor of every other', async () => {
  const client = await connect();
  const other = createOutboxFloor();
  await client.query(insert('left', 100));
  const ended = new Error('it ends');
  const inHand = outbox().publishNext({ limit: 50 }, async () => {
    expect(await publishAll(other)).toHaveLength(50);
    await lookOften(other);
    throw ended;
  });
  await expect(inHand).rejects.toThrow(ended);
  expect(await lookAt(other)).toMatchObject({ depth: 50, oldest: { id: '1' } });
  expect(await publishAll(other)).toHaveLength(50);
});

test('an instance that starts finds what waits, wherever it stands among the ids', async () => {
  const client = await connect();
  await client.query(insert('a', 3));
  await client.query(`SELECT setval('outbox_id_seq', 1000000000)`);
  await client.query(insert('b', 2));
  expect(await lookAt()).toMatchObject({ depth: 5, oldest: { id: '1' } });
  await client.query('DELETE FROM outbox WHERE id <= 2');
  await lookOften();
  expect(await lookAt()).toMatchObject({ depth: 3, oldest: { id: '3' } });
  expect(floor.current()).toBe(2n);
});

test('a floor does not outlast the ids that it is about', async () => {
  const client = await connect();
  await client.query(insert('before', 100));
  await publishAll();
  await lookOften();
  expect(floor.current()).toBe(100n);
  await client.query('TRUNCATE outbox RESTART IDENTITY');
  await client.query(insert('after', 30));
  expect(await lookAt()).toMatchObject({ depth: 30 });
  expect(await publishAll()).toHaveLength(30);
});

const originOf = async (client: Client): Promise<string> => {
  const { rows } = await client.query<{ origin: string }>(
    `SELECT pg_postmaster_start_time()::text || ' ' || 'outbox'::regclass::oid AS origin`,
  );
  return rows[0]?.origin ?? '';
};

test('looks that overlap teach a floor nothing that is not so', async () => {
  const late = await connect();
  const client = await connect();
  await client.query(insert('first', 100));
  await publishAll();
  await lookOften();
  const began = floor.look();
  await late.query('BEGIN');
  await late.query(insert('late'));
  await client.query(insert('early', 100));
  await publishAll();
  await lookOften();
  // It saw nobody write, since it looked before.
  began({ origin: await originOf(client), drawn: 100n, oldest: undefined, writers: [] });
  await lookOften();
  await late.query('COMMIT');
  expect(await publishAll()).toEqual(['late-1:PENDING']);
});

test('on another server nothing is known of the ids', () => {
  const see = (origin: string, drawn: bigint, oldest?: bigint) =>
    floor.look()({ origin, drawn, oldest, writers: [] });
  expect([see('a', 100n), see('a', 100n)]).toEqual([true, true]);
  expect(floor.current()).toBe(100n);
  // What a server that was behind gives out again is below the floor, and is not seen by a look above it.
  expect(see('b', 200n)).toBe(false);
  expect(floor.current()).toBe(0n);
  expect(see('b', 200n, 90n)).toBe(true);
  expect(floor.current()).toBe(89n);
});

test('a transaction that ends during a look may have left a row that the look does not see', () => {
  const see = (writers: readonly string[], oldest?: bigint) =>
    floor.look()({ origin: 'a', drawn: 100n, oldest, writers });
  see(['writer']);
  see([]);
  expect(floor.current()).toBe(0n);
  see([], 50n);
  expect(floor.current()).toBe(49n);
});

test('ids are given out in order, to each session as it needs them', async () => {
  const client = await connect();
  const { rows } = await client.query(
    `SELECT seqcache::int AS cache, seqcycle AS cycle FROM pg_sequence WHERE seqrelid = 'outbox_id_seq'::regclass`,
  );
  expect(rows).toEqual([{ cache: 1, cycle: false }]);
});
