import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestLogger, eventually, startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import { checkMigrations } from '../../src/database/migrations.ts';
import { isTransient, migrateDatabase, openClient } from '../../src/index.ts';

let postgres: TestPostgres;
let url: string;
let folder: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
});

beforeEach(async () => {
  url = await postgres.freshDatabase('migrate');
  folder = await mkdtemp(path.join(tmpdir(), 'migrations-'));
});

afterEach(() => rm(folder, { recursive: true }));

afterAll(() => postgres.stop());

const { logger, logs } = createTestLogger();
const migrate = () => migrateDatabase(url, pathToFileURL(`${folder}/`), logger);

const write = async (name: string, sql: string): Promise<void> => {
  await mkdir(path.join(folder, name), { recursive: true });
  await writeFile(path.join(folder, name, 'migration.sql'), sql);
};

const query = async (sql: string): Promise<unknown[]> => {
  const client = await openClient({ url, applicationName: 'test' });
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

/** Prisma's lock, which another session holds while `work` runs. */
const whileLocked = async (work: () => Promise<void>): Promise<void> => {
  const other = await openClient({ url, applicationName: 'test' });
  try {
    await other.query('SELECT pg_advisory_lock(72707369)');
    await work();
  } finally {
    await other.end();
  }
};

test('migrations are applied in the order of their names and recorded as Prisma records them', async () => {
  await writeFile(path.join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n');
  await write(
    '20260102000000_second',
    'ALTER TABLE thing ADD COLUMN size INT; INSERT INTO thing VALUES (1, 2);',
  );
  await write('20260101000000_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  expect(await query('SELECT * FROM thing')).toEqual([{ id: 1, size: 2 }]);
  expect(
    await query(`
      SELECT migration_name, checksum, applied_steps_count, rolled_back_at, logs, finished_at IS NOT NULL AS finished
      FROM _prisma_migrations ORDER BY migration_name`),
  ).toMatchObject([
    {
      migration_name: '20260101000000_init',
      checksum: createHash('sha256').update('CREATE TABLE thing (id INT);').digest('hex'),
      applied_steps_count: 1,
      rolled_back_at: null,
      logs: null,
      finished: true,
    },
    { migration_name: '20260102000000_second' },
  ]);
});

test('what is applied is not applied again, and what is new is', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  await write('2_more', 'INSERT INTO thing VALUES (1);');
  await migrate();
  await migrate();
  expect(await query('SELECT id FROM thing')).toEqual([{ id: 1 }]);
});

test('many at once apply each migration once', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT); INSERT INTO thing VALUES (1);');
  await Promise.all(Array.from({ length: 5 }, migrate));
  expect(await query('SELECT id FROM thing')).toEqual([{ id: 1 }]);
});

test('who comes to migrate while another does it finds what that one has made', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT);');
  let second = Promise.resolve();
  await whileLocked(async () => {
    const waits =
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    second = migrate();
    await eventually(async () => expect(await query(waits)).toHaveLength(1));
    const other = migrate();
    await eventually(async () => expect(await query(waits)).toHaveLength(2));
    second = Promise.all([second, other]).then(() => undefined);
  });
  await second;
  expect(await query('SELECT FROM _prisma_migrations')).toHaveLength(1);
});

test('a migration that fails leaves nothing of itself, and works once it is fixed', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT); SELECT nonsense;');
  await expect(migrate()).rejects.toThrow('nonsense');
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  expect(await query('SELECT * FROM thing')).toEqual([]);
});

test('a migration that was changed after it was applied is refused', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  await write('1_init', 'CREATE TABLE thing (id BIGINT);');
  await expect(migrate()).rejects.toThrow('The migration 1_init was changed after it was applied');
});

test('each migration that is applied is logged', async () => {
  await write('1_logged', 'SELECT 1;');
  await migrate();
  await migrate();
  expect(logs.filter(({ migration }) => migration === '1_logged')).toHaveLength(1);
});

test('who has nothing to apply waits for nobody', async () => {
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  await whileLocked(migrate);
});

const asRole = (role: string): string => {
  const as = new URL(url);
  as.username = role;
  as.password = 'of-the-tests';
  return as.href;
};

const createRole = async (): Promise<string> => {
  const role = `runtime_${randomUUID().replaceAll('-', '')}`;
  await query(`CREATE ROLE ${role} LOGIN PASSWORD 'of-the-tests'`);
  return role;
};

test('the role of the services is let to a table with the very migration that makes it', async () => {
  const role = await createRole();
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await write('2_wrong', 'SELECT nonsense;');
  await expect(migrateDatabase(url, pathToFileURL(`${folder}/`), logger, undefined, role)).rejects.toThrow(
    'nonsense',
  );
  const client = await openClient({ url: asRole(role), applicationName: 'test' });
  expect((await client.query('SELECT * FROM thing')).rows).toEqual([]);
  await client.end();
});

describe('who waits for the migrations of somebody else', () => {
  const check = (as = url) => checkMigrations(as, pathToFileURL(`${folder}/`));
  const refusal = (as?: string): Promise<unknown> =>
    check(as).then(
      () => 'nothing',
      (error: unknown) => error,
    );

  test('throws a transient error that names the missing ones, and changes nothing', async () => {
    await write('1_init', 'CREATE TABLE thing (id INT);');
    await write('2_more', 'SELECT 2;');
    await write('3_last', 'SELECT 3;');
    const error = await refusal();
    expect(error).toMatchObject({ message: 'waits for the migration 1_init and 2 more' });
    expect(isTransient(error)).toBe(true);
    expect(await query('SELECT * FROM pg_tables WHERE schemaname = current_schema()')).toEqual([]);
  });

  test('goes on once they are applied, and whatever a later release has applied besides', async () => {
    await write('1_init', 'CREATE TABLE thing (id INT);');
    await migrate();
    await check();
    await write('2_later', 'SELECT 2;');
    expect(await refusal()).toMatchObject({ message: 'waits for the migration 2_later' });
    await migrate();
    await rm(path.join(folder, '2_later'), { recursive: true });
    await check();
  });

  test('waits while its role is not let to know them yet', async () => {
    const role = await createRole();
    await write('1_init', 'CREATE TABLE thing (id INT);');
    await migrate();
    expect(await refusal(asRole(role))).toMatchObject({ message: 'waits for the migration 1_init' });
    await migrateDatabase(url, pathToFileURL(`${folder}/`), logger, undefined, role);
    await check(asRole(role));
  });

  test('does not wait for one that was changed after it was applied', async () => {
    await write('1_init', 'CREATE TABLE thing (id INT);');
    await migrate();
    await write('1_init', 'CREATE TABLE thing (id BIGINT);');
    const error = await refusal();
    expect(error).toMatchObject({ message: 'The migration 1_init was changed after it was applied' });
    expect(isTransient(error)).toBe(false);
  });
});
