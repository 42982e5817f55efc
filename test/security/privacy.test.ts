import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditGateway, DEFAULT_LIMITS } from '@order-pipeline/audit';
import { DATABASE_NAMES, TOPIC_NAMES, type ExportedOrder, type UserRecord } from '@order-pipeline/contracts';
import { openClient } from '@order-pipeline/service-kit';
import { createTestLogger, createTestRuntime, eventually, readTopics } from '@order-pipeline/testing';
import { defineAuditTest, SETTLED } from '../audit.ts';
import { unique, type Answer, type Gateway } from '../gateway.ts';
import { outcome } from './attacks.ts';
import { startSecuredSystem, type SecuredSystem } from './secured-system.ts';

const NAME = `Zenobia ${unique('surname')}`;
const EMAIL = `${unique('zenobia')}@example.com`;
const { logger, logs } = createTestLogger();

let secured: SecuredSystem;
let shop: Gateway;
let zoe: Gateway;
let auditor: Gateway;
const zoeId = unique('zoe');
const itemId = unique('item');
const orderIds = [unique('order'), unique('order'), unique('order')];

beforeAll(async () => {
  secured = await startSecuredSystem({ logger });
  shop = await secured.as('shop', 'catalog:write', 'users:write.any', 'users:read.any');
  zoe = await secured.as(zoeId, 'users:write', 'orders:write');
  auditor = await secured.as('auditor', 'ops:read', 'users:read.any', 'orders:read.any');
  await zoe.post('/api/users', { userId: zoeId, name: NAME, email: EMAIL });
  await shop.addItem(itemId, 10);
  for (const orderId of orderIds) await zoe.place(orderId, zoeId, { [itemId]: 1 });
  for (const orderId of orderIds) await zoe.reaches(orderId, 'DELIVERED');
}, 90_000);

afterAll(() => secured?.stop());

const nextOf = ({ headers }: Answer): string | undefined => /<([^>]+)>/.exec(String(headers['link']))?.[1];

test('an export has all that is stored about a user, page by page', async () => {
  const orders: ExportedOrder[] = [];
  const users: UserRecord[] = [];
  let path: string | undefined = `/api/users/${zoeId}/export?limit=2`;
  while (path !== undefined) {
    const page: Answer = await zoe.get(path);
    expect(page.status).toBe(200);
    const { user, orders: some } = page.body as { user: UserRecord; orders: ExportedOrder[] };
    users.push(user);
    orders.push(...some);
    path = nextOf(page);
  }
  expect(users).toHaveLength(2);
  for (const user of users) expect(user).toMatchObject({ userId: zoeId, name: NAME, email: EMAIL });
  expect(orders.map(({ orderId }) => orderId)).toEqual(orderIds.toReversed());
  for (const { history, items } of orders) {
    expect(items).toEqual([{ itemId, quantity: 1 }]);
    expect(history.map(({ status }) => status)).toEqual(['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED']);
  }
});

test("nobody exports or erases somebody else's", async () => {
  const bob = await secured.as('bob', 'users:write', 'orders:write');
  for (const userId of [zoeId, 'nobody-at-all']) {
    expect(outcome(await bob.get(`/api/users/${userId}/export`))).toEqual([404, 'USER_NOT_FOUND']);
    expect(outcome(await bob.post(`/api/users/${userId}/erase`))).toEqual([404, 'USER_NOT_FOUND']);
  }
  expect((await zoe.get(`/api/users/${zoeId}`)).body).toMatchObject({ name: NAME });
  expect(outcome(await shop.post('/api/users/nobody-at-all/erase'))).toEqual([404, 'USER_NOT_FOUND']);
});

/** Everything that the databases hold, as text. */
const storedText = async (): Promise<string> => {
  const texts: string[] = [];
  for (const name of DATABASE_NAMES) {
    const url = secured.system.infrastructure.databaseUrl(name);
    const client = await openClient({ url, applicationName: 'test' });
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    for (const { name: table } of tables) {
      const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM "${table}" t`);
      texts.push(...rows.map(({ text }) => text));
    }
    await client.end();
  }
  return texts.join('\n');
};

/** Everything that the broker holds, as text, once the events of all steps are read. */
const publishedText = async (): Promise<string> => {
  const reader = await readTopics(secured.system.infrastructure.broker, TOPIC_NAMES);
  await eventually(
    () => {
      const delivered = reader.messages.filter(({ topic }) => topic === 'ORDER_DELIVERED');
      expect(delivered.map(({ key }) => key)).toEqual(expect.arrayContaining(orderIds));
    },
    { timeoutMs: 30_000 },
  );
  await reader.stop();
  return JSON.stringify(reader.messages);
};

test('after it is erased a name and an address are nowhere: not in tables, events or logs', async () => {
  expect(await storedText()).toContain(NAME);
  const erased = await zoe.post(`/api/users/${zoeId}/erase`);
  expect(erased).toMatchObject({ status: 200, body: { message: 'User erased', userId: zoeId } });
  const stored = await storedText();
  expect(stored).toContain(zoeId);
  const published = await publishedText();
  expect(published).toContain(zoeId);
  for (const [where, text] of Object.entries({
    tables: stored,
    events: published,
    logs: JSON.stringify(logs),
  }))
    for (const secret of [NAME, EMAIL, NAME.split(' ')[1] ?? ''])
      expect([where, text.includes(secret)]).toEqual([where, false]);
  // Once more is answered as the first time.
  expect((await zoe.post(`/api/users/${zoeId}/erase`)).body).toEqual(erased.body);
});

test('what stays is a tombstone: the id is taken, orders stay, and none is placed anew', async () => {
  const read = await zoe.get(`/api/users/${zoeId}`);
  expect(read).toMatchObject({ status: 200, body: { userId: zoeId, erasedAt: expect.any(String) } });
  expect(Object.keys(read.body as object)).toEqual(['userId', 'erasedAt']);
  for (const user of [
    { name: NAME, email: EMAIL },
    { name: 'Somebody', email: 'else@example.com' },
  ])
    expect(outcome(await zoe.post('/api/users', { userId: zoeId, ...user }))).toEqual([409, 'ID_TAKEN']);
  expect((await zoe.get('/api/orders')).body).toHaveLength(orderIds.length);
  const again = await zoe.place(orderIds[0] ?? '', zoeId, { [itemId]: 1 });
  expect(again.status).toBe(201);
  const fresh = await zoe.place(unique('order'), zoeId, { [itemId]: 1 });
  expect(outcome(fresh)).toEqual([404, 'USER_NOT_FOUND']);
  const { body } = await zoe.get(`/api/users/${zoeId}/export`);
  expect(body).toMatchObject({ user: { userId: zoeId, erasedAt: expect.any(String) } });
});

test('that somebody was erased, when and by whom is recorded', async () => {
  const { body } = await auditor.get(`/ops/actions?target=${zoeId}`);
  expect(body).toMatchObject([{ action: 'ERASE_USER', by: zoeId, proof: 'TOKEN', service: 'users' }]);
});

defineAuditTest(() => secured.system);

test('the audit over HTTP finds nothing wrong with it either', async () => {
  const token = await secured.tokenFor('auditor', 'ops:read', 'users:read.any', 'orders:read.any');
  const report = await auditGateway({
    url: secured.url,
    token,
    runtime: createTestRuntime(),
    progress: () => undefined,
    limits: { ...DEFAULT_LIMITS, ...SETTLED },
    exampleCount: 5,
  });
  expect(report.checks.flatMap(({ violations }) => violations)).toEqual([]);
}, 60_000);
