import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createAuthority } from '@order-pipeline/certificates';
import {
  deadLetterTopic,
  KAFKA_GRANTS,
  KAFKA_USERS,
  TOPIC_NAMES,
  type ServiceName,
} from '@order-pipeline/contracts';
import { startSystem, type System } from '@order-pipeline/launcher';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { createTestLogger, eventually, startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import { startSecuredKafka, type SecuredKafka } from '@order-pipeline/testing/secured-kafka';
import getPort from 'get-port';
import { runOrders } from '../../packages/cli/test/run-orders.ts';
import { connectAs, countAcls, mayWrite, NO_GROUP, passwordOf, readFrom, WRITES } from './kafka-users.ts';
import { createGateway, unique, type Gateway } from '../gateway.ts';
import { defineAddedPartitionsTests } from './added-partitions.ts';

// `pnpm test stacks` runs it: a real Kafka that takes nobody without TLS and a login and denies what no ACL allows, and every service with a user of
// its own, whose rights `orders kafka-acls` has created.

/** `stranger` may log in, and has no rights; `renamed` is made later, and logs in by SCRAM. */
const PASSWORDS = {
  admin: passwordOf('admin'),
  stranger: passwordOf('stranger'),
  ...Object.fromEntries(KAFKA_USERS.map((user) => [user, passwordOf(user)])),
};
const ALL_TOPICS = TOPIC_NAMES.flatMap((topic) => [topic, deadLetterTopic(topic)]);

let folder: string;
let kafka: SecuredKafka;
let postgres: TestPostgres;
let gateway: Gateway;
let gatewayUrl: string;
let databases: Record<string, string>;
const systems: System[] = [];

const fileWith = async (name: string, content: string): Promise<string> => {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return file;
};

/** The settings of a process that logs in as `user`. */
const loginAs = async (user: string): Promise<Record<string, string>> => ({
  KAFKA_BROKERS: kafka.address,
  KAFKA_SSL: 'on',
  KAFKA_SSL_CA_FILE: await fileWith('ca.crt', kafka.authority),
  KAFKA_SASL_MECHANISM: 'plain',
  KAFKA_SASL_USERNAME: user,
  KAFKA_SASL_PASSWORD_FILE: await fileWith(user, passwordOf(user)),
});

/** Starts services that log in with these settings, and gathers what they log. */
const start = async (settings: Record<string, string>, services: readonly ServiceName[]) => {
  const { logger, logs } = createTestLogger();
  const environment = { PORT: '0', WORKFLOW_INTERVAL_MS: '300', RATE_LIMIT: 'off', ...settings };
  const system = await startSystem({ environment, services, logger });
  systems.push(system);
  return { system, logs };
};

const audit = async (): Promise<void> =>
  expect(await runOrders(['audit'], { ...databases, ...(await loginAs('audit')) })).toMatchObject({
    code: 0,
    err: expect.not.stringContaining('S3cret'),
  });

const startPipeline = async (): Promise<void> => {
  const [ordersPort, inventoryPort] = [await getPort(), await getPort()];
  const urls = {
    ORDERS_URL: `http://127.0.0.1:${ordersPort}`,
    INVENTORY_URL: `http://127.0.0.1:${inventoryPort}`,
  };
  const { system: users } = await start(databases, ['users']);
  const behind = { ...databases, ...urls, USERS_URL: users.url };
  const { system: front } = await start(behind, ['orders-facade', 'api-gateway']);
  const ports: Readonly<Record<string, string>> = {
    orders: String(ordersPort),
    inventory: String(inventoryPort),
  };
  for (const name of ['inventory', 'orders', 'workflow', 'shipping', 'delivery'] as const)
    await start({ ...behind, ...(await loginAs(name)), PORT: ports[name] ?? '0' }, [name]);
  gatewayUrl = front.url;
  gateway = createGateway(gatewayUrl);
};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kafka-acls-'));
  [kafka, postgres] = await Promise.all([startSecuredKafka(PASSWORDS, Date.now()), startTestPostgres()]);
  databases = Object.fromEntries(
    await Promise.all(
      ['users', 'inventory', 'orders'].map(async (name) => [
        `${name.toUpperCase()}_DATABASE_URL`,
        await postgres.freshDatabase(name),
      ]),
    ),
  ) as Record<string, string>;
}, 3 * MINUTE_MS);

afterAll(async () => {
  await gateway?.close();
  for (const system of systems) await system.stop();
  await Promise.all([kafka?.stop(), postgres?.stop()]);
  await rm(folder, { recursive: true, force: true });
}, MINUTE_MS);

test(
  'the command creates the topics and the ACLs, and nothing when it is run again',
  async () => {
    const admin = connectAs(kafka, 'admin').admin();
    const granted = KAFKA_GRANTS.reduce(
      (sum, { operations, names }) => sum + operations.length * names.length,
      0,
    );
    await admin.connect();
    try {
      for (let run = 1; run <= 2; run += 1) {
        expect(await runOrders(['kafka-acls', '--apply'], await loginAs('admin'))).toMatchObject({
          code: 0,
          out: `Created the topics and ${granted} ACLs, as far as they were missing\n`,
        });
        // A broker learns of them a moment after they are stored.
        await eventually(async () => expect(await countAcls(admin)).toBe(granted), { timeoutMs: MINUTE_MS });
      }
      expect((await admin.listTopics()).toSorted()).toEqual([...ALL_TOPICS].toSorted());
    } finally {
      await admin.disconnect();
    }
    const refused = await runOrders(['kafka-acls', '--apply'], await loginAs('shipping'));
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('it needs Alter on the cluster') });
  },
  2 * MINUTE_MS,
);

test.each([...KAFKA_USERS, 'stranger'] as const)(
  '%s writes to its own topics alone',
  async (user) => {
    const written = [];
    for (const topic of ALL_TOPICS) if (await mayWrite(kafka, user, topic)) written.push(topic);
    expect(written.toSorted()).toEqual([...(WRITES[user] ?? [])].toSorted());
  },
  MINUTE_MS,
);

test.each([
  ['shipping', 'shipping', 'ORDER_PROCESSING', 'read'],
  ['shipping', 'shipping', 'ORDER_PLACED', 'TOPIC_AUTHORIZATION_FAILED'],
  ['shipping', 'delivery', 'ORDER_PROCESSING', NO_GROUP],
  ['orders', 'dead-letters', 'ORDER_PLACED', 'TOPIC_AUTHORIZATION_FAILED'],
  ['audit', 'audit-1', 'ORDER_PLACED.DLQ', 'read'],
  ['audit', 'shipping', 'ORDER_PROCESSING', NO_GROUP],
  ['stranger', 'stranger', 'ORDER_PLACED', 'TOPIC_AUTHORIZATION_FAILED'],
])(
  '%s, in the group %s, reads %s: %s',
  async (user, group, topic, answer) => {
    // The coordinator of the first group of all may still be on its way.
    const look = async () => expect(await readFrom(connectAs(kafka, user), group, topic)).toBe(answer);
    await eventually(look, { timeoutMs: MINUTE_MS });
  },
  2 * MINUTE_MS,
);

test(
  'no service may make, change or delete a topic',
  async () => {
    const denied = { type: 'TOPIC_AUTHORIZATION_FAILED' };
    for (const user of KAFKA_USERS) {
      const admin = connectAs(kafka, user).admin();
      await admin.connect();
      await expect(admin.deleteTopics({ topics: ['ORDER_PLACED'] })).rejects.toMatchObject(denied);
      await expect(admin.createTopics({ topics: [{ topic: 'MINE' }] })).rejects.toMatchObject({
        errors: [denied],
      });
      await admin.disconnect();
    }
  },
  MINUTE_MS,
);

test(
  'orders walk to DELIVERED with a user for each service, dead letters are kept and redriven, and nothing is denied',
  async () => {
    const before = (await kafka.denials()).length;
    await startPipeline();
    const [userId, itemId, orderId] = [unique('user'), unique('item'), unique('order')];
    await gateway.addUser(userId);
    await gateway.addItem(itemId, 2);
    expect((await gateway.place(orderId, userId, { [itemId]: 1 })).status).toBe(201);
    await gateway.reaches(orderId, 'DELIVERED', MINUTE_MS);

    const admin = connectAs(kafka, 'admin').producer();
    await admin.connect();
    await admin.send({ topic: 'ORDER_PROCESSING', messages: [{ key: 'odd', value: 'not an event' }] });
    await admin.disconnect();
    const url = ['--url', gatewayUrl];
    const letters = async () => (await runOrders(['dead-letters', 'list', '--json', ...url])).out;
    await eventually(async () => expect(await letters()).toContain('"shipping"'), { timeoutMs: MINUTE_MS });
    expect(await runOrders(['dead-letters', 'redrive', '--all', ...url])).toMatchObject({ code: 0 });
    // It cannot be processed any better: it has come from the topic to the dead letters again.
    await eventually(async () => expect(await letters()).toMatch(/"redrives": 1/), { timeoutMs: MINUTE_MS });

    await eventually(async () => {
      // What a busy machine does not answer in time is null in an overview, and is there in a later one.
      const { consumers } = (await (await fetch(`${gatewayUrl}/ops/overview`)).json()) as {
        consumers: readonly { lag: number | null }[] | null;
      };
      expect(consumers?.map(({ lag }) => typeof lag)).toEqual(['number', 'number', 'number', 'number']);
    });
    await audit();
    expect((await kafka.denials()).slice(before)).toEqual([]);
  },
  5 * MINUTE_MS,
);

defineAddedPartitionsTests(() => ({ gateway, admin: connectAs(kafka, 'admin').admin(), loginAs, audit }));

test(
  'a service without rights says so, is not ready, and continues without a restart once it has them',
  async () => {
    const settings = { ...(await loginAs('stranger')), ORDERS_URL: 'http://127.0.0.1:1' };
    const { system, logs } = await start(settings, ['delivery']);
    const check = async () => (await system.health.readiness()).checks['consumer delivery'];
    await eventually(async () => expect(await check()).toMatch(/^is not in its group: Not authorized/));
    expect((await fetch(`${system.url}/health/ready`)).status).toBe(503);
    const said = logs.find(({ msg }) => msg === 'consumer could not be started, retrying');
    expect(said).toMatchObject({ level: 40, code: 'TOPIC_AUTHORIZATION_FAILED' });
    expect(JSON.stringify(logs)).not.toContain('S3cret');
    const principal = ['--principal', 'delivery=User:stranger'];
    expect(await runOrders(['kafka-acls', '--apply', ...principal], await loginAs('admin'))).toMatchObject({
      code: 0,
    });
    await eventually(async () => expect(await check()).toBe('ok'), { timeoutMs: MINUTE_MS });
    await system.stop();
  },
  3 * MINUTE_MS,
);

test.each([
  [
    'a wrong password',
    async () => ({ KAFKA_SASL_PASSWORD_FILE: await fileWith('wrong', 'S3cret-of-nobody') }),
    /^is not in its group: .*(Invalid username or password|Authentication failed)/,
  ],
  [
    'the certificate of another authority',
    async () => {
      const other = await createAuthority('other', { now: Date.now(), days: 1 });
      return { KAFKA_SSL_CA_FILE: await fileWith('other.crt', other.certificate) };
    },
    /^is not in its group: .*(unable to verify|self-signed)/,
  ],
])(
  'with %s a service is live, not ready, and says why without telling the secret',
  async (_, wrong, sentence) => {
    const settings = { ...(await loginAs('delivery')), ...(await wrong()), ORDERS_URL: 'http://127.0.0.1:1' };
    const { system, logs } = await start(settings, ['delivery']);
    expect((await fetch(`${system.url}/health/live`)).status).toBe(200);
    await eventually(
      async () =>
        expect((await system.health.readiness()).checks).toMatchObject({
          'consumer delivery': expect.stringMatching(sentence),
        }),
      { timeoutMs: MINUTE_MS },
    );
    expect(logs.filter(({ level }) => level > 40)).toEqual([]);
    expect(JSON.stringify(logs)).not.toContain('S3cret');
    await system.stop();
  },
  2 * MINUTE_MS,
);

test(
  'a login by SCRAM is taken as well, and so are the commands of kafka-acls.sh',
  async () => {
    await kafka.command(
      'kafka-configs.sh',
      '--alter',
      '--entity-type=users',
      '--entity-name=renamed',
      `--add-config=SCRAM-SHA-512=[password=${passwordOf('renamed')}]`,
    );
    const { out } = await runOrders(['kafka-acls', '--commands', '--principal', 'audit=User:renamed']);
    const commands = out.split('\n').filter((line) => line.includes("'User:renamed'"));
    expect(commands).toHaveLength(2);
    for (const command of commands) {
      const [, ...args] = command.replaceAll("'", '').split(' --command-config admin.properties ');
      await kafka.command('kafka-acls.sh', ...args.join('').split(' '));
    }
    const client = connectAs(kafka, 'renamed', 'scram-sha-512');
    expect(await readFrom(client, 'audit-2', 'ORDER_PLACED')).toBe('read');
    expect(await readFrom(client, 'other', 'ORDER_PLACED')).toBe(NO_GROUP);
  },
  3 * MINUTE_MS,
);
