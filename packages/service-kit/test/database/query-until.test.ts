import { beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { closeAfterTests, useTestPostgres } from '@order-pipeline/testing/fixtures';
import type pg from 'pg';
import { connectionConfig, createRawSql, openPool, type CancellableSql } from '../../src/index.ts';

let pool: pg.Pool;
let other: pg.Pool;
let sql: CancellableSql;

/** Without a limit of time: what hangs is ended by its signal alone. */
const open = (url: string, max: number): pg.Pool =>
  openPool({ ...connectionConfig({ url, applicationName: `of ${max}` }), max }, () => undefined);

const postgres = useTestPostgres();

beforeAll(async () => {
  const url = await postgres.freshDatabase('cancelled');
  pool = open(url, 2);
  closeAfterTests(() => pool.end());
  other = open(url, 1);
  closeAfterTests(() => other.end());
  sql = createRawSql(pool);
});

/** The process that runs a statement with this word in it. */
const processOf = async (word: string): Promise<number | undefined> => {
  const { rows } = await other.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()`,
    [`%${word}%`],
  );
  return rows[0]?.pid;
};

const isConnected = async (pid: number): Promise<boolean> =>
  (await other.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).rowCount === 1;

const found = (word: string): Promise<number> =>
  eventually(async () => {
    const pid = await processOf(word);
    if (pid === undefined) throw new Error('it does not run');
    return pid;
  });

test('a statement that runs is cancelled in the database, and its connection is closed', async () => {
  const going = new AbortController();
  const running = sql.until(going.signal).$queryRaw`SELECT 'first', pg_sleep(3600)`;
  const refused = expect(running).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    cause: { message: 'canceling statement due to user request' },
  });
  const pid = await found('first');
  going.abort();
  await refused;
  expect(await processOf('first')).toBeUndefined();
  await eventually(async () => expect(await isConnected(pid)).toBe(false));
  expect(await sql.$queryRaw`SELECT 1 AS one`).toEqual([{ one: 1 }]);
});

test('none is begun, and no connection lost, once the signal is aborted', async () => {
  const [before] = await sql.$queryRaw<object[]>`SELECT pg_backend_pid() AS pid`;
  const begun = sql.until(AbortSignal.abort()).$executeRaw`CREATE TABLE begun ()`;
  await expect(begun).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await sql.$queryRaw`SELECT to_regclass('begun') AS begun`).toEqual([{ begun: null }]);
  expect(await sql.$queryRaw`SELECT pg_backend_pid() AS pid`).toEqual([before]);
});

test('a statement that waits for a connection is not begun when the signal is aborted meanwhile', async () => {
  const narrow = createRawSql(other);
  const client = await other.connect();
  const going = new AbortController();
  const waiting = narrow.until(going.signal).$executeRaw`CREATE TABLE begun ()`;
  const refused = expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  going.abort();
  client.release();
  await refused;
  expect(await sql.$queryRaw`SELECT to_regclass('begun') AS begun`).toEqual([{ begun: null }]);
});

test('one that uses the only connection is cancelled, or has done its work, and nothing else is cancelled', async () => {
  const narrow = createRawSql(other);
  const going = new AbortController();
  const running = narrow.until(going.signal).$queryRaw`SELECT pg_backend_pid() AS pid, pg_sleep(0.05)`;
  await eventually(() => expect(other.totalCount - other.idleCount).toBe(1));
  going.abort();
  await running.catch(() => undefined);
  expect(await narrow.$queryRaw`SELECT pg_sleep(0.05) IS NULL AS done`).toEqual([{ done: false }]);
});

test('what is not cancelled answers as ever, keeps its connection, and its failure is its own', async () => {
  const calm = sql.until(new AbortController().signal);
  const [before] = await calm.$queryRaw<object[]>`SELECT pg_backend_pid() AS pid`;
  expect(await calm.$queryRaw`SELECT pg_backend_pid() AS pid`).toEqual([before]);
  await expect(calm.$queryRaw`SELECT 1 / 0`).rejects.toThrow('division by zero');
  expect(await sql.until(undefined).$queryRaw`SELECT 1 AS one`).toEqual([{ one: 1 }]);
});
