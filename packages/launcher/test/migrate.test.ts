import path from 'node:path';
import { expect, test } from '@jest/globals';
import { DATABASE_NAMES } from '@order-pipeline/contracts';
import { openClient } from '@order-pipeline/service-kit';
import { createTestLogger, settingsProblems, startTcpProxy } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { startSystem } from '../src/index.ts';
import { planMigrations } from '../src/migration-job.ts';
import { planSystem } from '../src/plan.ts';
import { databaseVariable } from '../src/settings.ts';
import { end, eventually, launch, ownDataDir, post } from './system-harness.ts';

// Who migrates the databases: MIGRATE=start, job or off.

ownDataDir();

const MAIN = path.join(import.meta.dirname, '../src/main.ts');
const USER = { userId: 'user-1', name: 'Ann', email: 'ann@example.com' };

const postgres = useTestPostgres();

const emptyDatabase = (): Promise<string> => postgres.freshDatabase('unmigrated');

const tablesOf = async (url: string): Promise<string[]> => {
  const client = await openClient({ url, applicationName: 'test' });
  const { rows } = await client.query<{ tablename: string }>(
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
  );
  await client.end();
  return rows.map(({ tablename }) => tablename);
};

const job = (services: readonly string[], settings: Record<string, string>) =>
  launch(services, { MIGRATE: 'job', LOG_LEVEL: 'info', ...settings }, ['--import', 'tsx', MAIN]);

test('with off a service is live, says what it waits for, and starts when the job has migrated', async () => {
  const url = await emptyDatabase();
  const system = await startSystem({
    environment: { PORT: '0', MIGRATE: 'off', USERS_DATABASE_URL: url },
    services: ['users'],
    logger: createTestLogger().logger,
  });
  try {
    expect((await fetch(`${system.url}/health/live`)).status).toBe(200);
    const ready = await fetch(`${system.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      checks: { 'users database': expect.stringMatching(/^waits for the migration \d+_init and \d+ more$/) },
    });
    expect(await post(`${system.url}/api/users`, USER)).toMatchObject({ body: { code: 'UNAVAILABLE' } });
    expect(await tablesOf(url)).toEqual([]);

    // Two at once, as an upgrade that is tried again may start them.
    const jobs = [0, 1].map(() => job(['users'], { USERS_DATABASE_URL: url }));
    expect(await Promise.all(jobs.map(({ child }) => end(child)))).toEqual([0, 0]);
    expect(jobs.map(({ output }) => output()).join('')).toContain('database is up to its migrations');
    await eventually(async () => expect((await fetch(`${system.url}/health/ready`)).status).toBe(200));
    expect((await post(`${system.url}/api/users`, USER)).status).toBe(201);
  } finally {
    await system.stop();
  }
}, 180_000);

test('the job without names migrates every database, and needs nothing but their URLs', async () => {
  const urls = await Promise.all(
    DATABASE_NAMES.map(async (name) => [databaseVariable(name), await emptyDatabase()]),
  );
  const { child } = job([], Object.fromEntries(urls) as Record<string, string>);
  expect(await end(child)).toBe(0);
  for (const [, url = ''] of urls) expect(await tablesOf(url)).toContain('_prisma_migrations');
}, 180_000);

test('the job waits for a database that is not there, and a signal ends it with 1', async () => {
  const door = await startTcpProxy(await emptyDatabase());
  door.shut();
  const settings = { USERS_DATABASE_URL: door.url };
  const [waits, stopped] = [job(['users'], settings), job(['users'], settings)];
  for (const { output } of [waits, stopped])
    await eventually(() => expect(output()).toContain('database is unavailable, waiting for it'), 60_000);
  expect(await end(stopped.child, 'SIGTERM')).toBe(1);
  door.open();
  expect(await end(waits.child)).toBe(0);
  await door.stop();
}, 180_000);

test('a migration that cannot be applied ends the job with 1 and one sentence', async () => {
  const url = await emptyDatabase();
  const client = await openClient({ url, applicationName: 'test' });
  await client.query('CREATE TABLE "users" (id INT)');
  await client.end();
  const { child, output } = job(['users'], { USERS_DATABASE_URL: url });
  expect(await end(child)).toBe(1);
  expect(output()).toMatch(/^The database of users was not migrated: relation "users" already exists$/m);
}, 180_000);

const DATABASE = 'postgresql://users@db/users';

test.each([
  [{ MIGRATE: 'sometimes' }, 'MIGRATE must be one of start, job, off, not "sometimes"'],
  [
    { MIGRATE: 'off' },
    'USERS_DATABASE_URL must be set where MIGRATE is off: nobody else migrates the embedded database',
  ],
  [
    { MIGRATE: 'off', USERS_DATABASE_URL: DATABASE, USERS_MIGRATION_DATABASE_URL: DATABASE },
    'USERS_MIGRATION_DATABASE_URL means nothing where MIGRATE is off',
  ],
  [
    { MIGRATE: 'job', USERS_DATABASE_URL: DATABASE },
    'MIGRATE is job: such a process migrates, and starts no service',
  ],
])('%j is refused for a service', (settings, problem) => {
  expect(settingsProblems(() => planSystem(['users'], settings))).toEqual([problem]);
});

test.each([
  [['users'], {}, 'USERS_DATABASE_URL must be set where MIGRATE is job'],
  [['users', 'workflow'], { USERS_DATABASE_URL: DATABASE }, 'workflow has no database to migrate'],
  [['usrs'], {}, 'There is no service "usrs"'],
  [
    ['users'],
    { USERS_DATABASE_URL: 'mysql://db' },
    'USERS_DATABASE_URL must be a URL that starts with postgresql://',
  ],
  [
    ['users'],
    { USERS_DATABASE_URL: `${DATABASE}?pgbouncer=true` },
    'USERS_MIGRATION_DATABASE_URL must be set where USERS_DATABASE_URL leads to PgBouncer',
  ],
])('a job of %j is refused with %j', (services, settings, problem) => {
  expect(settingsProblems(() => planMigrations(services, { MIGRATE: 'job', ...settings }))).toEqual([
    expect.stringContaining(problem),
  ]);
});
