// Sessions of PgBouncer in transaction mode: the real one, of Debian's package pgbouncer.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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
import type pg from 'pg';
import { keepPooledSettings } from '../../src/database/pooled-settings.ts';
import {
  createPool,
  createRawSql,
  isLockTimeout,
  isTransient,
  migrateForService,
  openClient,
  POOLED_SETTINGS,
  type CancellableSql,
} from '../../src/index.ts';

/** Fewer than a service's pool has: its clients take turns on them. */
const CONNECTIONS = 2;
const PASSWORD = 'of-the-tests';

(hasPgBouncer ? describe : describe.skip)('behind PgBouncer', () => {
  let postgres: TestPostgres;
  let bouncer: PgBouncer;
  let owner: pg.Client;
  let direct: string;
  let pooled: string;
  let pool: pg.Pool;
  let sql: CancellableSql;

  /** How many sessions besides the owner's run a statement with these words. */
  const running = async (words: string): Promise<number> => {
    const { rows } = await owner.query(
      "SELECT FROM pg_stat_activity WHERE state = 'active' AND strpos(query, $1) > 0 AND pid <> pg_backend_pid()",
      [words],
    );
    return rows.length;
  };

  const backends = async (): Promise<number[]> => {
    const { rows } = await owner.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE usename = $1 AND datname = current_database()',
      [new URL(direct).username],
    );
    return rows.map(({ pid }) => pid);
  };

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const owned = await postgres.freshDatabase('pooled');
    owner = await openClient({ url: owned, applicationName: 'owner' });
    const role = `pooled_${randomUUID().replaceAll('-', '')}`;
    const database = new URL(owned).pathname.slice(1);
    // A server whose own defaults are all wrong for a service.
    await owner.query(`
      CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}';
      CREATE TABLE thing (id INT PRIMARY KEY, at TIMESTAMPTZ);
      GRANT ALL ON thing TO ${role};
      ALTER DATABASE "${database}" SET TimeZone = 'Asia/Tokyo';
      ALTER DATABASE "${database}" SET default_transaction_isolation = 'serializable'`);
    const url = new URL(owned);
    url.username = role;
    url.password = PASSWORD;
    direct = url.href;
    bouncer = await startPgBouncer([{ url: direct, connections: CONNECTIONS }]);
    pooled = bouncer.url(direct);
  }, 60_000);

  afterAll(() =>
    inTurn(
      () => pool?.end(),
      () => owner?.end(),
      () => bouncer?.stop(),
      () => postgres?.stop(),
    ),
  );

  test('the role gets the settings, and connections from before it had them are ended', async () => {
    const early = await Promise.all(
      times(CONNECTIONS, () => openClient({ url: pooled, applicationName: 'early' })),
    );
    // All of PgBouncer's connections, at once.
    for (const client of early) await client.query('BEGIN');
    for (const client of early) await client.query('COMMIT');
    const old = await backends();
    expect(old).toHaveLength(CONNECTIONS);
    const keep = async () => {
      const client = await openClient({ url: pooled, applicationName: 'kept' });
      try {
        await keepPooledSettings(client, POOLED_SETTINGS);
      } finally {
        await client.end();
      }
    };
    const first = await keep().catch((error: unknown) => error);
    expect(first).toMatchObject({
      message: expect.stringMatching(/^waits for connections of PgBouncer that have .*statement_timeout/),
    });
    expect(isTransient(first)).toBe(true);
    await eventually(async () => {
      await keep();
      // PgBouncer takes the one that was used last: the others come as they are all in use.
      await Promise.allSettled(times(CONNECTIONS, keep));
      expect((await backends()).filter((pid) => old.includes(pid))).toEqual([]);
    });
    await Promise.allSettled(early.map((client) => client.end()));
    pool = createPool(pooled, 'users', createTestLogger().logger);
    sql = createRawSql(pool);
  });

  test('every session has them, whichever client used it before, and the name of its client', async () => {
    const names = Object.keys(POOLED_SETTINGS);
    const seen = await Promise.all(
      times(
        20,
        () =>
          sql.$queryRaw<{ name: string; value: string }[]>`
          SELECT name, current_setting(name) AS value, pg_sleep(0.01)
          FROM unnest(${[...names, 'application_name']}::text[]) AS t(name)`,
      ),
    );
    for (const rows of seen)
      expect(Object.fromEntries(rows.map(({ name, value }) => [name, value]))).toEqual({
        ...POOLED_SETTINGS,
        application_name: 'users',
      });
    expect(await backends()).toHaveLength(CONNECTIONS);
  });

  test('a statement that takes too long is ended by the server', async () => {
    await expect(sql.$queryRaw`SELECT pg_sleep(60)`).rejects.toMatchObject({ code: '57014' });
    await eventually(async () => expect(await running('pg_sleep(60)')).toBe(0));
  });

  test('a lock is waited for no longer than without PgBouncer', async () => {
    await owner.query('BEGIN; INSERT INTO thing VALUES (1)');
    const waiting = sql.$executeRaw`INSERT INTO thing VALUES (1) ON CONFLICT DO NOTHING`;
    const error = await waiting.catch((reason: unknown) => reason);
    await owner.query('ROLLBACK');
    expect(isLockTimeout(error)).toBe(true);
  });

  test('a time comes back as it went in', async () => {
    const at = new Date('2026-06-01T12:00:00.000Z');
    await sql.$executeRaw`INSERT INTO thing VALUES (2, ${at})`;
    expect(await sql.$queryRaw`SELECT at::text FROM thing WHERE id = 2`).toEqual([
      { at: '2026-06-01 12:00:00+00' },
    ]);
  });

  test('statements are not prepared for a session that the next one does not have', async () => {
    const texts = times(10, (index) => `SELECT $1::int + ${index} AS sum, pg_sleep(0.005)`);
    const rounds = times(5, () => texts).flat();
    const sums = await Promise.all(
      rounds.map((text, index) =>
        sql.$queryRaw<{ sum: number }[]>({ sql: text, text, values: [index] } as never),
      ),
    );
    expect(sums.map(([row]) => row?.sum)).toEqual(rounds.map((_, index) => index + (index % 10)));
    const prepared = await Promise.all(
      times(6, () => sql.$queryRaw`SELECT name, pg_sleep(0.02) FROM pg_prepared_statements WHERE name <> ''`),
    );
    expect(prepared.flat()).toEqual([]);
  });

  test('a statement that is cancelled is ended, and no other one', async () => {
    const leaving = new AbortController();
    const cancelled = sql.until(leaving.signal).$queryRaw`SELECT 'cancelled', pg_sleep(1.4)`;
    const refused = expect(cancelled).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: { message: 'canceling statement due to user request' },
    });
    const other = sql.$queryRaw`SELECT 1 AS one, pg_sleep(0.3) IS NULL AS slept`;
    await eventually(async () => expect(await running("'cancelled'")).toBe(1));
    leaving.abort();
    await refused;
    expect(await other).toEqual([{ one: 1, slept: false }]);
  });

  test('a URL of PgBouncer is no place for settings or migrations', async () => {
    await expect(openClient({ url: pooled, applicationName: 'test', settings: ['jit=off'] })).rejects.toThrow(
      'PgBouncer does not pass on jit=off',
    );
    const folder = new URL('file:///nowhere/');
    await expect(
      (async () => migrateForService({ databaseUrl: pooled }, folder, createTestLogger().logger))(),
    ).rejects.toThrow('Migrations need a URL of PostgreSQL itself');
  });

  test('options of the shell do not reach it', async () => {
    process.env['PGOPTIONS'] = '-c statement_timeout=1';
    try {
      const client = await openClient({ url: pooled, applicationName: 'test' });
      expect((await client.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '1500ms' }]);
      await client.end();
    } finally {
      delete process.env['PGOPTIONS'];
    }
  });
});
