import { beforeAll, expect, test } from '@jest/globals';
import { DATABASE_NAMES, type DatabaseName } from '@order-pipeline/contracts';
import { openClient } from '@order-pipeline/service-kit';
import { closeAfterTests, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { createGateway, unique, type Gateway } from '../gateway.ts';
import { startWholeSystem, type StartedSystem } from './start.ts';

// Services whose own roles may not change the schema: the migrations run as the owner of each database.

const PASSWORD = 'of-the-tests';
const PERMISSION_DENIED = '42501';

let owners: Record<DatabaseName, string>;
let runtimes: Record<DatabaseName, string>;
let started: StartedSystem;
let gateway: Gateway;

const run = async (url: string, statement: string): Promise<void> => {
  const client = await openClient({ url, applicationName: 'test' });
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/** A role that owns nothing, and may only connect; answers the URL of the database for it. */
const createRuntimeRole = async (owner: string): Promise<string> => {
  const role = unique('runtime').replaceAll('-', '_');
  await run(owner, `CREATE ROLE "${role}" LOGIN PASSWORD '${PASSWORD}'`);
  const url = new URL(owner);
  url.username = role;
  url.password = PASSWORD;
  return url.href;
};

const perDatabase = async (make: (name: DatabaseName) => Promise<string>) =>
  Object.fromEntries(
    await Promise.all(DATABASE_NAMES.map(async (name) => [name, await make(name)] as const)),
  ) as Record<DatabaseName, string>;

const settings = (variable: string, urls: Record<DatabaseName, string>): Record<string, string> =>
  Object.fromEntries(DATABASE_NAMES.map((name) => [`${name.toUpperCase()}_${variable}`, urls[name]]));

const postgres = useTestPostgres();

beforeAll(async () => {
  owners = await perDatabase((name) => postgres.freshDatabase(name));
  runtimes = await perDatabase((name) => createRuntimeRole(owners[name]));
  started = await startWholeSystem({
    environment: {
      ...settings('DATABASE_URL', runtimes),
      ...settings('MIGRATION_DATABASE_URL', owners),
    },
  });
  closeAfterTests(started.stop);
  gateway = createGateway(started.system.url);
  closeAfterTests(gateway.close);
}, 60_000);

test('an order walks to DELIVERED with roles that may only read and write rows', async () => {
  const [userId, itemId, orderId] = [unique('user'), unique('item'), unique('order')];
  await gateway.addUser(userId);
  await gateway.addItem(itemId, 2);
  expect((await gateway.place(orderId, userId, { [itemId]: 1 })).status).toBe(201);
  await gateway.reaches(orderId, 'DELIVERED', 30_000);
}, 60_000);

test.each(DATABASE_NAMES)('the role of the services may not change the schema of %s', async (name) => {
  for (const statement of [
    'CREATE TABLE mine (id INT)',
    'DROP TABLE _prisma_migrations',
    'DELETE FROM _prisma_migrations',
  ])
    await expect(run(runtimes[name], statement)).rejects.toMatchObject({ code: PERMISSION_DENIED });
});

test('where the migrations are there already, the role of the services is enough to start', async () => {
  const second = await startWholeSystem({ environment: settings('DATABASE_URL', runtimes) });
  await second.stop();
}, 60_000);
