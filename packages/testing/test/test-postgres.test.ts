import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { queryOnce, startPostgresOfWorkers, startTestPostgres, type TestPostgres } from '../src/index.ts';

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});

afterAll(() => postgres.stop());

test('each database is empty and of its own, also under one name', async () => {
  const [first, second] = await Promise.all([
    postgres.freshDatabase('orders'),
    postgres.freshDatabase('orders'),
  ]);
  await queryOnce(first, 'CREATE TABLE thing (id INT)');
  const tables = "SELECT 1 FROM pg_tables WHERE tablename = 'thing'";
  expect(await queryOnce(first, tables)).toHaveLength(1);
  expect(await queryOnce(second, tables)).toHaveLength(0);
});

test('a migrated database has the tables of its service, and is of its own', async () => {
  const [first, second] = await Promise.all([
    postgres.migratedDatabase('users'),
    postgres.migratedDatabase('users'),
  ]);
  await queryOnce(first, `INSERT INTO users VALUES ('one', 'One', 'one@example.com')`);
  expect(await queryOnce(first, 'SELECT id FROM users')).toEqual([{ id: 'one' }]);
  expect(await queryOnce(second, 'SELECT id FROM users')).toEqual([]);
  expect(await queryOnce(second, 'SELECT migration_name FROM _prisma_migrations')).not.toHaveLength(0);
});

/** Has so many workers a server each, and is one of them meanwhile; `use` is given the administrator's URL of its server. */
const asWorker = async (number: number, workers: number, use: (admin: string) => Promise<void>) => {
  const environment = { ...process.env };
  const servers = await startPostgresOfWorkers(workers);
  try {
    Object.assign(process.env, servers.environment, {
      JEST_WORKER_ID: String(number),
      TEST_POSTGRES_URL: '',
    });
    await use(servers.environment.TEST_POSTGRES_OF_WORKERS.split(' ')[number - 1] ?? '');
  } finally {
    delete process.env['TEST_POSTGRES_OF_WORKERS'];
    delete process.env['TEST_POSTGRES_URL'];
    Object.assign(process.env, environment);
    await servers.stop();
  }
};

test('two workers on one server may need the same migrations at the same time', () =>
  asWorker(1, 1, async (admin) => {
    const workers = [await startTestPostgres(), await startTestPostgres()];
    const urls = await Promise.all(workers.map((worker) => worker.migratedDatabase('users')));
    for (const url of urls) expect(await queryOnce(url, 'SELECT id FROM users')).toEqual([]);
    for (const worker of workers) await worker.stop();
    const left = await queryOnce(admin, "SELECT datname FROM pg_database WHERE datname LIKE 'users%'");
    expect(left).toEqual([{ datname: expect.stringMatching(/^users_template_[0-9a-f]{12}$/) }]);
  }));

test('where every worker has its server, a file takes that of its own, and leaves it as it was', () =>
  asWorker(2, 2, async (admin) => {
    const databases = () => queryOnce(admin, 'SELECT datname FROM pg_database ORDER BY oid');
    const before = await databases();
    const shared = await startTestPostgres();
    const fresh = new URL(await shared.freshDatabase('orders'));
    expect(fresh.host).toBe(new URL(admin).host);
    expect(await databases()).toEqual([...before, { datname: fresh.pathname.slice(1) }]);
    await shared.stop();
    expect(await databases()).toEqual(before);
  }));
