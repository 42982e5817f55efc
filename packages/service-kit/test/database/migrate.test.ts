import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestLogger, startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import { migrateDatabase, openClient } from '../../src/index.ts';

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

test('a migration that fails leaves nothing of itself, and works once it is mended', async () => {
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
