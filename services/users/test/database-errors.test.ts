import { beforeAll, expect, test } from '@jest/globals';
import { usersApi } from '@order-pipeline/contracts';
import { openClient } from '@order-pipeline/service-kit';
import { eventually, startTestService, type TestService } from '@order-pipeline/testing';
import { closeAfterTests, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { usersService } from '../src/index.ts';

const user = { userId: 'user11', name: 'Sriram', email: 'sriram@example.com' };
const ROLE = 'users_reader';

let owner: Awaited<ReturnType<typeof openClient>>;
let databaseUrl: string;
let users: TestService;

const postgres = useTestPostgres();

beforeAll(async () => {
  databaseUrl = await postgres.migratedDatabase('users');
  owner = await openClient({ url: databaseUrl, applicationName: 'owner' });
  closeAfterTests(() => owner.end());
  await owner.query(`DO $$ BEGIN CREATE ROLE ${ROLE} LOGIN PASSWORD 'secret';
    EXCEPTION WHEN duplicate_object THEN NULL; END $$`);
  await owner.query(`GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO ${ROLE}`);
  const asRole = new URL(databaseUrl);
  [asRole.username, asRole.password] = [ROLE, 'secret'];
  closeAfterTests(() => owner.query(`DROP OWNED BY ${ROLE}; DROP ROLE ${ROLE}`));
  users = await startTestService(usersService, { databaseUrl: asRole.href });
  closeAfterTests(users.close);
  await users.call(usersApi.registerUser, { body: user });
});

const read = () => users.server.inject(`/api/users/${user.userId}`);
const OF_ROLE = `FROM pg_stat_activity WHERE usename = '${ROLE}'`;

const whileLocked = async (meanwhile: () => Promise<unknown>) => {
  await owner.query('BEGIN; LOCK TABLE users');
  const reply = read();
  await meanwhile();
  return reply.finally(() => owner.query('COMMIT'));
};

const untilItWaits = () =>
  eventually(async () => {
    const other = await openClient({ url: databaseUrl, applicationName: 'other' });
    const { rowCount } = await other.query(`SELECT ${OF_ROLE} AND wait_event_type = 'Lock'`);
    await other.end();
    expect(rowCount).toBe(1);
  });

const signalIt = async (how: 'cancel' | 'terminate'): Promise<void> => {
  const other = await openClient({ url: databaseUrl, applicationName: 'other' });
  await other.query(`SELECT pg_${how}_backend(pid) ${OF_ROLE} AND wait_event_type = 'Lock'`);
  await other.end();
};

const FAULTS = {
  'a row that is locked for too long': () => whileLocked(async () => undefined),
  'a statement that is cancelled': () => whileLocked(() => untilItWaits().then(() => signalIt('cancel'))),
  'a connection that is ended': () => whileLocked(() => untilItWaits().then(() => signalIt('terminate'))),
  'rights that are taken away': async () => {
    await owner.query(`REVOKE SELECT ON users FROM ${ROLE}`);
    return read().finally(() => owner.query(`GRANT SELECT ON users TO ${ROLE}`));
  },
  'too many connections': async () => {
    await owner.query(`ALTER ROLE ${ROLE} CONNECTION LIMIT 0`);
    await owner.query(`SELECT pg_terminate_backend(pid) ${OF_ROLE}`);
    await eventually(async () => expect((await owner.query(`SELECT ${OF_ROLE}`)).rowCount).toBe(0));
    return read().finally(() => owner.query(`ALTER ROLE ${ROLE} CONNECTION LIMIT -1`));
  },
};

test.each(Object.keys(FAULTS) as (keyof typeof FAULTS)[])(
  'a user who cannot be read for now is 503, and is read later: %s',
  async (name) => {
    const reply = await FAULTS[name]();
    expect(reply.json()).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
    await eventually(async () => expect((await read()).json()).toEqual(user));
  },
);

test('a table that does not fit is 500: it is no fault of the moment', async () => {
  await owner.query('ALTER TABLE users RENAME COLUMN name TO full_name');
  try {
    expect((await read()).statusCode).toBe(500);
  } finally {
    await owner.query('ALTER TABLE users RENAME COLUMN full_name TO name');
  }
});

test('a user is read where migrations and statements find the table, whatever the schema', async () => {
  const url = new URL(await postgres.freshDatabase('users'));
  const client = await openClient({ url: url.href, applicationName: 'owner' });
  await client.query('CREATE SCHEMA "Our app"');
  await client.end();
  url.searchParams.set('options', String.raw`-c search_path="Our\ app"`);
  const elsewhere = await startTestService(usersService, { databaseUrl: url.href });
  await elsewhere.call(usersApi.registerUser, { body: user });
  const { body } = await elsewhere.call(usersApi.getUser, { params: { userId: user.userId } });
  await elsewhere.close();
  expect(body).toEqual(user);
});
