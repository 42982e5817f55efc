import { expect, test } from '@jest/globals';
import { DATABASE_NAMES, PARTITIONS_PER_TOPIC, SERVICE_NAMES, TOPIC_NAMES } from '@order-pipeline/contracts';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { defineFlowTests } from '../flows.ts';
import { auditCompose } from './compose.ts';
import { setUpLoad } from './load.ts';
import { defineReplacementTests } from './replacement.ts';
import { useStack } from './stack.ts';

/** Nobody waits longer than this for the news that a dependency is unavailable. */
const REFUSAL_LIMIT_MS = 2_000;
const DRAIN_LIMIT_MS = 10_000;

// docker-compose.yml as it stands: what is reached from where, and containers that come and go as an operator sends them.

const stack = useStack(async () => ({ settings: { RATE_LIMIT: 'off' } }));

defineFlowTests(() => stack().gateway);

test('only the port of the gateway is published, on loopback alone', async () => {
  const { compose } = stack();
  const published = (await compose.containers()).flatMap(({ Service, Publishers }) =>
    (Publishers ?? []).filter(({ PublishedPort }) => PublishedPort > 0).map(({ URL }) => [Service, URL]),
  );
  expect(published).toEqual([['api-gateway', '127.0.0.1']]);
});

test('no service runs as root', async () => {
  const { compose } = stack();
  for (const service of SERVICE_NAMES) {
    const uid = await compose.run('exec', '-T', service, 'node', '-p', 'process.getuid()');
    expect([service, Number(uid) > 0]).toEqual([service, true]);
  }
});

test(
  'each service logs in to its own database and to no other',
  async () => {
    const { compose } = stack();
    for (const role of DATABASE_NAMES) {
      for (const database of DATABASE_NAMES) {
        const url = `postgresql://${role}@127.0.0.1:5432/${database}`;
        const psql = `PGPASSWORD=$(cat /run/secrets/${role}) psql ${url} -c 'SELECT 1'`;
        const entering = compose.run('exec', '-T', 'postgres', 'bash', '-c', psql);
        const entered = await entering.then(
          () => true,
          () => false,
        );
        expect([role, database, entered]).toEqual([role, database, role === database]);
      }
    }
  },
  MINUTE_MS,
);

test(
  'who needs neither Kafka nor a database does not reach them',
  async () => {
    const { compose } = stack();
    const reaches = async (service: string, host: string, port: number): Promise<boolean> => {
      const connect = `require('node:net').connect(${port}, '${host}').on('connect', () => process.exit(0)).on('error', () => process.exit(1))`;
      const reaching = compose.run('exec', '-T', service, 'node', '-e', connect);
      return reaching.then(
        () => true,
        () => false,
      );
    };
    const found: Record<string, readonly boolean[]> = {};
    for (const service of SERVICE_NAMES)
      found[service] = [
        await reaches(service, 'postgres', 5432),
        await reaches(service, 'kafka', 9092),
        await reaches(service, 'orders', 3000),
      ];
    expect(found).toEqual({
      users: [true, false, true],
      inventory: [true, true, true],
      orders: [true, true, true],
      workflow: [false, true, true],
      shipping: [false, true, true],
      delivery: [false, true, true],
      'orders-facade': [false, false, true],
      'api-gateway': [false, false, false],
    });
  },
  2 * MINUTE_MS,
);

test(
  'no container is given a password, and each that needs one has its own',
  async () => {
    const { compose } = stack();
    const environments = await Promise.all(
      (await compose.containers()).map(({ ID }) =>
        compose.docker('inspect', '--format', '{{json .Config.Env}}', ID),
      ),
    );
    const passwords = await compose.run('exec', '-T', 'postgres', 'bash', '-c', 'cat /run/secrets/*');
    const known = passwords.trim().split('\n');
    expect(new Set(known).size).toBe(DATABASE_NAMES.length + 1);
    for (const password of known) {
      expect(password).toMatch(/^[0-9a-f]{64}$/);
      expect(environments.join('\n')).not.toContain(password);
    }
    for (const name of DATABASE_NAMES) {
      const own = await compose.run('exec', '-T', name, 'bash', '-c', 'cat /run/secrets/*');
      expect(known.filter((password) => own.includes(password))).toHaveLength(1);
    }
  },
  MINUTE_MS,
);

test(
  'the topics were made on purpose, with their partitions',
  async () => {
    const { compose } = stack();
    const tool = [
      'exec',
      '-T',
      'kafka',
      '/opt/kafka/bin/kafka-topics.sh',
      '--bootstrap-server',
      'kafka:9092',
    ];
    const description = await compose.run(...tool, '--describe');
    for (const topic of TOPIC_NAMES) {
      expect(description).toMatch(
        new RegExp(`Topic: ${topic}\\s.*PartitionCount: ${PARTITIONS_PER_TOPIC}\\s`),
      );
    }
  },
  MINUTE_MS,
);

test(
  'while a dependency is unavailable the gateway says so in time, and afterwards all recovers automatically',
  async () => {
    const { compose, gateway } = stack();
    const { itemId, place, allDelivered } = await setUpLoad(stack().gateway);
    await compose.run('stop', 'inventory');
    const startedAt = performance.now();
    const answer = await gateway.get(`/api/inventory/${itemId}`);
    expect(performance.now() - startedAt).toBeLessThan(REFUSAL_LIMIT_MS);
    expect(answer).toMatchObject({ status: 503, body: { status: 503, code: 'UNAVAILABLE' } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(await place(3)).toEqual([]);
    await compose.run('start', 'inventory');
    const orderIds = await eventually(
      async () => {
        const placed = await place(1);
        expect(placed).toHaveLength(1);
        return placed;
      },
      { timeoutMs: MINUTE_MS },
    );
    await allDelivered(orderIds);
  },
  4 * MINUTE_MS,
);

defineReplacementTests(stack);

test(
  'two instances of orders and three of shipping share the work',
  async () => {
    const { compose } = stack();
    await compose.run('up', '--wait', '--no-recreate', '--scale', 'orders=2', '--scale', 'shipping=3');
    const { place, allDelivered } = await setUpLoad(stack().gateway);
    const orderIds = await place(100);
    expect(orderIds).toHaveLength(100);
    await allDelivered(orderIds);
    const tool = [
      'exec',
      '-T',
      'kafka',
      '/opt/kafka/bin/kafka-consumer-groups.sh',
      '--bootstrap-server',
      'kafka:9092',
    ];
    await eventually(
      async () => {
        const description = await compose.run(...tool, '--describe', '--group', 'shipping', '--members');
        const partitions = description
          .split('\n')
          .filter((line) => line.startsWith('shipping'))
          .map((line) => line.trim().split(/\s+/).at(-1));
        expect(partitions).toEqual(['2', '2', '2']);
      },
      { timeoutMs: MINUTE_MS },
    );
  },
  4 * MINUTE_MS,
);

test(
  'a stop drains: every service ends in time, and what was taken continues after the next start',
  async () => {
    const { compose } = stack();
    const { place, placeWhile, settled } = await setUpLoad(stack().gateway);
    const first = await place(20);
    let stopping = true;
    const placing = placeWhile(() => stopping);
    const started = performance.now();
    await compose.run('stop', ...SERVICE_NAMES);
    const tookMs = performance.now() - started;
    stopping = false;
    const taken = [...first, ...(await placing)];
    const services = (await compose.containers()).filter(({ Service }) =>
      (SERVICE_NAMES as readonly string[]).includes(Service),
    );
    // Killed ones would have ended with 137.
    expect(services.map(({ Service, ExitCode }) => [Service, ExitCode])).toEqual(
      services.map(({ Service }) => [Service, 0]),
    );
    // Compose stops them in the order of their dependencies, so several times the limit of one can pass.
    expect(tookMs).toBeLessThan(4 * DRAIN_LIMIT_MS);
    await compose.run('up', '--wait', '--no-recreate', '--scale', 'orders=2', '--scale', 'shipping=3');
    await settled(taken);
  },
  8 * MINUTE_MS,
);

test(
  'after all that, the audit finds no violation',
  async () => {
    await eventually(() => auditCompose(stack().compose, 30_000), { timeoutMs: 3 * MINUTE_MS });
  },
  5 * MINUTE_MS,
);
