import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type pg from 'pg';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { connectionConfig, openClient, openPool } from '../../src/index.ts';

let url: string;
const environment = { ...process.env };
const pools: pg.Pool[] = [];

const postgres = useTestPostgres();
beforeEach(async () => {
  url = await postgres.freshDatabase('connections');
});
afterEach(async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];
  Object.assign(process.env, environment);
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});
const poolOf = (onLost: (error: Error) => void = () => undefined): pg.Pool => {
  const pool = openPool(connectionConfig({ url, applicationName: 'victim' }), onLost);
  pools.push(pool);
  return pool;
};

/** Ends every session of the victim, as an operator or a restart of the server does. */
const terminate = async (): Promise<void> => {
  const client = await openClient({ url, applicationName: 'killer' });
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'victim' AND datname = current_database()`,
  );
  await client.end();
};

/** Not `once` of node:events, which an error event fails. */
const endOf = (client: pg.ClientBase): Promise<void> =>
  new Promise((resolve) => client.once('end', () => resolve()));

test('a session that ends while its connection is in use fails its next statement and nothing else', async () => {
  const client = await poolOf().connect();
  await client.query('BEGIN');
  const ended = endOf(client);
  await terminate();
  await ended;
  await expect(client.query('SELECT 1')).rejects.toThrow('not queryable');
  client.release(true);
});

test('a client of its own whose session ends fails its next statement and nothing else', async () => {
  const client = await openClient({ url, applicationName: 'victim' });
  const ended = endOf(client);
  await terminate();
  await ended;
  await expect(client.query('SELECT 1')).rejects.toThrow('not queryable');
});

test('the end of an idle connection is reported once, and the pool opens another one', async () => {
  const reported: string[] = [];
  const pool = poolOf((error) => reported.push(error.message));
  await pool.query('SELECT 1');
  const removed = new Promise<void>((resolve) => pool.once('remove', () => resolve()));
  await terminate();
  await removed;
  expect(reported).toEqual(['terminating connection due to administrator command']);
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

const settingsOf = async (at: string): Promise<unknown> => {
  const client = await openClient({ url: at, applicationName: 'mine', settings: ['enable_seqscan=off'] });
  const { rows } = await client.query(
    `SELECT current_setting('TimeZone') AS zone, current_setting('enable_seqscan') AS scan,
       current_setting('search_path') AS path, current_setting('application_name') AS name,
       current_setting('default_transaction_read_only') AS read_only, current_setting('client_encoding') AS encoding`,
  );
  await client.end();
  return rows[0];
};

test('options in the URL count, with ours after them', async () => {
  const at = new URL(url);
  at.searchParams.set('options', '-c search_path=app -c TimeZone=Asia/Tokyo -c enable_seqscan=on');
  expect(await settingsOf(at.href)).toMatchObject({ zone: 'UTC', scan: 'off', path: 'app', name: 'mine' });
});

/** The isolation of a statement and of a transaction that asks for none. */
const isolationOf = async (config: pg.PoolConfig): Promise<unknown[]> => {
  const pool = openPool(config, () => undefined);
  pools.push(pool);
  const show = `SELECT current_setting('transaction_isolation') AS isolation`;
  const alone = await pool.query<{ isolation: string }>(show);
  const client = await pool.connect();
  await client.query('BEGIN');
  const within = await client.query<{ isolation: string }>(show);
  await client.query('COMMIT');
  client.release();
  return [alone, within].map(({ rows: [row] }) => row?.isolation);
};

test.each(['repeatable read', 'serializable'])(
  'the sessions of a database and of a role whose default is %s are READ COMMITTED',
  async (isolation) => {
    const database = decodeURIComponent(new URL(url).pathname.slice(1));
    const client = await openClient({ url, applicationName: 'owner' });
    const setting = `SET default_transaction_isolation = '${isolation}'`;
    await client.query(`ALTER DATABASE "${database}" ${setting}`);
    await client.query(`ALTER ROLE CURRENT_USER IN DATABASE "${database}" ${setting}`);
    await client.end();
    expect(await isolationOf({ connectionString: url })).toEqual([isolation, isolation]);
    const ours = connectionConfig({ url, applicationName: 'mine' });
    expect(await isolationOf(ours)).toEqual(['read committed', 'read committed']);
  },
);

test('options and encodings of the shell do not count', async () => {
  process.env['PGOPTIONS'] = '-c search_path=app -c default_transaction_read_only=on';
  process.env['PGCLIENT_ENCODING'] = 'LATIN1';
  process.env['PGAPPNAME'] = 'shell';
  expect(await settingsOf(url)).toEqual({
    zone: 'UTC',
    scan: 'off',
    path: '"$user", public',
    name: 'mine',
    read_only: 'off',
    encoding: 'UTF8',
  });
});

test('what a URL omits comes from the environment, as for every program of PostgreSQL', async () => {
  const whole = new URL(url);
  const bare = new URL(url);
  [bare.username, bare.password] = ['', ''];
  await expect(settingsOf(bare.href)).rejects.toThrow();
  process.env['PGUSER'] = whole.username;
  process.env['PGPASSWORD'] = decodeURIComponent(whole.password);
  expect(await settingsOf(bare.href)).toMatchObject({ name: 'mine' });
});
