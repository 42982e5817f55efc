import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestLogger, inTurn } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import type pg from 'pg';
import { createPool, openClient } from '../../src/index.ts';

let admin: pg.Client;
let pool: pg.Pool;
let now = 0;

const postgres = useTestPostgres();

/** Sessions that begin from now on are read-only for as long as they last, as those with an old primary are. */
const setReadOnly = (isReadOnly: boolean) =>
  admin.query(
    `ALTER DATABASE "${admin.database}" ${isReadOnly ? 'SET default_transaction_read_only = on' : 'RESET default_transaction_read_only'}`,
  );

beforeEach(async () => {
  const url = await postgres.freshDatabase('pool');
  admin = await openClient({ url: url, applicationName: 'test' });
  await admin.query('CREATE TABLE notes (id int)');
  await setReadOnly(true);
  now = 0;
  pool = createPool(url, 'test', createTestLogger().logger, { monotonic: () => now });
});

afterEach(() =>
  inTurn(
    () => pool.end(),
    () => admin.end(),
  ),
);

const WRITE = 'INSERT INTO notes VALUES (1)';
const pidOf = async (client: pg.PoolClient): Promise<number> =>
  Number((await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid);

/** Opens so many connections, and answers their processes at the server; all idle then. */
const openConnections = async (count: number): Promise<Set<number>> => {
  const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()));
  const pids = await Promise.all(clients.map(pidOf));
  for (const client of clients) client.release();
  return new Set(pids);
};

const overlap = (one: ReadonlySet<number>, other: ReadonlySet<number>): number[] =>
  [...one].filter((pid) => other.has(pid));

test('after a read-only answer to a statement all connections are made anew, those that idled too', async () => {
  const old = await openConnections(3);
  await setReadOnly(false);
  await expect(pool.query(WRITE)).rejects.toMatchObject({ code: '25006' });
  expect(overlap(old, await openConnections(3))).toEqual([]);
  await pool.query(WRITE);
});

test('after a read-only answer within a transaction too, and what was in use is closed when it is given back', async () => {
  const old = await openConnections(2);
  await setReadOnly(false);
  const [writer, reader] = await Promise.all([pool.connect(), pool.connect()]);
  await writer.query('BEGIN');
  await expect(writer.query(WRITE)).rejects.toMatchObject({ code: '25006' });
  await writer.query('ROLLBACK');
  // As Prisma does it: without the error.
  writer.release();
  expect(old).toContain(await pidOf(reader));
  reader.release();
  expect(overlap(old, await openConnections(2))).toEqual([]);
});

test('while the server stays read-only, connections that only read are not made anew with every failure', async () => {
  await openConnections(3);
  await expect(pool.query(WRITE)).rejects.toMatchObject({ code: '25006' });
  const renewed = await openConnections(3);
  now = 999;
  await expect(pool.query(WRITE)).rejects.toMatchObject({ code: '25006' });
  // That one alone is gone.
  expect(overlap(renewed, await openConnections(3))).toHaveLength(2);
  now = 1_000;
  await expect(pool.query(WRITE)).rejects.toMatchObject({ code: '25006' });
  expect(overlap(renewed, await openConnections(3))).toEqual([]);
});

test('after an error that says nothing of the server, the other connections stay', async () => {
  const old = await openConnections(3);
  await expect(pool.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
  expect(overlap(old, await openConnections(3))).toHaveLength(2);
});
