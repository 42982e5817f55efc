import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestLogger, inTurn, startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import type pg from 'pg';
import { migrateDatabase, migrateForService, openClient } from '../../src/index.ts';

// The role of a service that owns its schema and migrates it, too.

const { logger } = createTestLogger();
let postgres: TestPostgres;
let admin: pg.Client;
let url: string;
let folder: string;

const database = (): string => new URL(url).pathname.slice(1);

beforeAll(async () => {
  postgres = await startTestPostgres();
});

beforeEach(async () => {
  const given = new URL(await postgres.freshDatabase('migrate'));
  admin = await openClient({ url: given.href, applicationName: 'test' });
  const role = `owner_${randomUUID().replaceAll('-', '')}`;
  await admin.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'of-the-tests'; ALTER SCHEMA public OWNER TO ${role}`,
  );
  given.username = role;
  given.password = 'of-the-tests';
  url = given.href;
  folder = await mkdtemp(path.join(tmpdir(), 'migrations-'));
});

afterEach(() =>
  inTurn(
    () => admin?.end(),
    () => rm(folder, { recursive: true }),
  ),
);

afterAll(() => postgres?.stop());

const write = async (name: string, sql: string): Promise<void> => {
  await mkdir(path.join(folder, name));
  await writeFile(path.join(folder, name, 'migration.sql'), sql);
};

test('that is given a URL for migrations as well continues migrating', async () => {
  const migrate = () =>
    migrateForService({ databaseUrl: url, migrationUrl: url }, pathToFileURL(`${folder}/`), logger);
  await write('1_init', 'CREATE TABLE thing (id INT);');
  await migrate();
  await write('2_more', 'INSERT INTO thing VALUES (1);');
  await migrate();
  expect((await admin.query('SELECT id FROM thing')).rows).toEqual([{ id: 1 }]);
});

test('that has the limits of a service migrates for longer than they are', async () => {
  const role = new URL(url).username;
  await admin.query(`ALTER ROLE ${role} IN DATABASE "${database()}" SET statement_timeout = '50ms'`);
  await write('1_slow', 'CREATE TABLE thing (id INT); SELECT pg_sleep(0.2);');
  await migrateDatabase(url, pathToFileURL(`${folder}/`), logger);
  expect((await admin.query('SELECT FROM thing')).rows).toEqual([]);
});
