import { readFile } from 'node:fs/promises';
import { METHODS } from 'node:http';
import { expect, test } from '@jest/globals';
import {
  DATABASE_NAMES,
  deadLetterTopic,
  GATEWAY_OPERATIONS,
  METRICS,
  ORDER_STATUSES,
  SERVICE_NAMES,
  STUCK_REASONS,
  TOPIC_NAMES,
  type LabelKind,
  type MetricDefinition,
} from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import { unique } from '../gateway.ts';
import { useWholeSystem } from './fixtures.ts';

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
  readonly value: number;
}

const { started, gateway } = useWholeSystem();

const samplesOf = async (name: string): Promise<Sample[]> =>
  (await started.system.registry.getSingleMetric(name)?.get())?.values ?? [];

const definitionOf = (name: string): MetricDefinition | undefined =>
  (METRICS as Readonly<Record<string, MetricDefinition>>)[name];

/** Every id that a client came up with. */
const ids: string[] = [];
const fresh = (prefix: string): string => {
  const id = unique(prefix);
  ids.push(id);
  return id;
};

/** An order with its own user and item, and what else a client may come up with. */
const deliver = async (): Promise<void> => {
  const [orderId, userId, itemId] = [fresh('order'), fresh('user'), fresh('item')];
  await gateway.addUser(userId);
  await gateway.addItem(itemId, 1);
  expect((await gateway.place(orderId, userId, { [itemId]: 1 })).status).toBe(201);
  await gateway.reaches(orderId, 'DELIVERED', 20_000);
  for (const path of [
    `/${orderId}`,
    `/api/${userId}/none`,
    `/api/orders/${orderId}/none`,
    '/console/',
    '/docs',
  ])
    await gateway.get(path);
  for (const method of ['PROPFIND', 'DELETE', 'PATCH'])
    await gateway.send(method, `/api/orders/${orderId}`, {});
};

const ROUTES: readonly string[] = Object.values(GATEWAY_OPERATIONS).map(({ path }) => path);
const TOPICS: readonly string[] = TOPIC_NAMES.flatMap((topic) => [topic, deadLetterTopic(topic)]);

/** Whether a value is one of the few that a label of the kind may have. */
const ALLOWS: Readonly<Record<LabelKind, (value: string) => boolean>> = {
  method: (value) => METHODS.includes(value),
  // Those of operations, and those that are written in the code of the gateway.
  route: (value) => ROUTES.includes(value) || /^(?:unknown|\/[a-z./-]*(?:\*|:file)?)$/.test(value),
  httpStatus: (value) => /^[1-5]\d\d$/.test(value),
  connectionEnd: (value) => ['all', 'address', 'slow reader'].includes(value),
  topic: (value) => TOPICS.includes(value),
  group: (value) => [...SERVICE_NAMES, 'dead-letters', 'unknown'].includes(value),
  partition: (value) => /^\d{1,4}$/.test(value),
  archiveOutcome: (value) => ['succeeded', 'failed'].includes(value),
  orderStatus: (value) => (ORDER_STATUSES as readonly string[]).includes(value),
  stuckReason: (value) => (STUCK_REASONS as readonly string[]).includes(value),
  sheddingReason: (value) => /^[A-Z_]{1,40}$/.test(value),
  connectionState: (value) => ['idle', 'in_use'].includes(value),
  spanOutcome: (value) => ['exported', 'failed', 'dropped'].includes(value),
  table: (value) => /^[a-z_]{1,40}$/.test(value),
  replicaOutcome: (value) =>
    ['answered', 'behind', 'promoted', 'conflict', 'failed', 'rested'].includes(value),
  version: (value) => /^\d+\.\d+\.\d+$/.test(value),
};

test('what is reported is what the table defines: names, types, labels, and who reports', async () => {
  await deliver();
  const { registry } = started.system;
  for (const { name } of registry.getMetricsAsArray()) {
    const definition = definitionOf(name);
    const metric = (await registry.getSingleMetric(name)?.get()) as unknown as { type: string; help: string };
    expect([name, metric.type]).toEqual([name, definition?.type]);
    expect(metric.help).toContain(definition?.help ?? name);
    for (const { labels } of await samplesOf(name)) {
      const names = Object.keys(labels).filter((label) => label !== 'service' && label !== 'le');
      expect([name, names.toSorted()]).toEqual([name, Object.keys(definition?.labels ?? {}).toSorted()]);
      const services: readonly string[] =
        definition?.services === 'all' ? SERVICE_NAMES : (definition?.services ?? []);
      expect(services).toContain(labels['service']);
    }
  }
});

test('every metric of the table is registered by a running system', async () => {
  await eventually(async () => {
    const names = started.system.registry.getMetricsAsArray().map(({ name }) => name);
    expect(names.toSorted()).toEqual(Object.keys(METRICS).toSorted());
  });
});

test('labels have only values of their kind, and never an id', async () => {
  for (let count = 0; count < 3; count += 1) await deliver();
  for (const [name, { labels: kinds }] of Object.entries<MetricDefinition>(METRICS)) {
    for (const { labels } of await samplesOf(name)) {
      expect(ids.filter((id) => JSON.stringify(labels).includes(id))).toEqual([]);
      for (const [label, kind] of Object.entries(kinds)) {
        const value = String(labels[label]);
        expect([name, label, value, ALLOWS[kind](value)]).toEqual([name, label, value, true]);
      }
    }
  }
}, 60_000);

test('a gauge says that there is nothing before there is something', async () => {
  for (const name of ['order_waiters', 'overview_listeners', 'workflow_buffer_messages', 'outbox_depth'])
    await eventually(async () =>
      expect([name, (await samplesOf(name)).map(({ value }) => value)]).toEqual([name, [0]]),
    );
});

test('the version is that of the project, and the process is ready', async () => {
  const file = new URL('../../package.json', import.meta.url);
  const manifest = JSON.parse(await readFile(file, 'utf8')) as { readonly version: string };
  const versions = await samplesOf('order_pipeline_build_info');
  expect(new Set(versions.map(({ labels }) => labels['service']))).toEqual(new Set(SERVICE_NAMES));
  expect(versions).toHaveLength(SERVICE_NAMES.length);
  expect(new Set(versions.map(({ labels }) => labels['version']))).toEqual(new Set([manifest.version]));
  expect((await samplesOf('service_ready')).map(({ value }) => value)).toEqual(SERVICE_NAMES.map(() => 1));
});

test('the connections of PostgreSQL, its log and the tables of each database are reported', async () => {
  const valueOf = async (name: string, labels: Record<string, string>) =>
    (await samplesOf(name)).find((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )?.value;
  await started.system.registry.metrics();
  for (const service of DATABASE_NAMES) {
    expect(await valueOf('database_up', { service })).toBe(1);
    for (const name of ['connections', 'max_connections', 'database_bytes', 'wal_bytes_total'])
      expect([name, await valueOf(`postgres_${name}`, { service })]).toEqual([name, expect.any(Number)]);
  }
  expect(await valueOf('postgres_table_bytes', { service: 'orders', table: 'outbox' })).toBeGreaterThan(0);
  expect(
    await valueOf('postgres_table_dead_rows', { service: 'orders', table: 'outbox' }),
  ).toBeGreaterThanOrEqual(0);
});

test('the state of the topics of Kafka is reported', async () => {
  expect((await samplesOf('kafka_up')).map(({ value }) => value)).toEqual([1]);
  // The first look may have come before the topics were created.
  await eventually(
    async () => {
      const topics = (await samplesOf('kafka_topic_partitions')).map(({ labels }) => labels['topic']);
      expect(new Set(topics)).toEqual(new Set(TOPICS));
    },
    { timeoutMs: 20_000 },
  );
  for (const name of ['kafka_topic_under_replicated_partitions', 'kafka_topic_offline_partitions'])
    expect(new Set((await samplesOf(name)).map(({ value }) => value))).toEqual(new Set([0]));
});

test('the connections of each database are reported, within what is allowed', async () => {
  const open = await samplesOf('database_pool_connections');
  const most = await samplesOf('database_pool_max_connections');
  for (const { labels, value: limit } of most) {
    const own = open.filter((sample) => sample.labels['service'] === labels['service']);
    const total = own.reduce((sum, { value }) => sum + value, 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(limit);
  }
  expect(most).toHaveLength(3);
});
