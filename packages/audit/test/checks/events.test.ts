import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { archiveOrders } from '@order-pipeline/archive';
import { eventId, TOPIC_OF, type AnnouncedStatus, type OrderEvent } from '@order-pipeline/contracts';
import { createCluster, Kafka as MemoryKafka, type MemoryCluster } from '@order-pipeline/memory-kafka';
import { createTopicSetup, encodeEvent } from '@order-pipeline/messaging';
import { createRuntime, type Broker, type KafkaPort } from '@order-pipeline/service-kit';
import { createTestBroker } from '@order-pipeline/testing';
import type { Message } from 'kafkajs';
import { useFixture } from '../planted-faults.ts';

const fixture = useFixture();

let cluster: MemoryCluster;
let broker: Broker;
let kafka: KafkaPort;

beforeEach(async () => {
  cluster = createCluster();
  broker = createTestBroker(cluster);
  kafka = broker.connect('audit');
  await createTopicSetup(broker, 'test')();
});

const LINES = [
  { itemId: 'item2', quantity: 1 },
  { itemId: 'item1', quantity: 1 },
  { itemId: 'item1', quantity: 1 },
];

interface Sent {
  readonly status: AnnouncedStatus;
  readonly message: Message;
}

const send = async (sent: readonly Sent[]): Promise<void> => {
  const producer = broker.connect('test').producer();
  await producer.connect();
  for (const { status, message } of sent)
    await producer.sendBatch({ topicMessages: [{ topic: TOPIC_OF[status], messages: [message] }] });
  await producer.disconnect();
};

/** Deletes the messages of a partition before an offset, as retention does. */
const deleteBefore = async (topic: string, partition: number, offset: string): Promise<void> => {
  const admin = new MemoryKafka({ brokers: ['memory:9092'], cluster }).admin();
  await admin.connect();
  // As of kafkajs: it knows a topic's leaders only once it has asked for metadata.
  await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset }] });
  await admin.disconnect();
};

/** The event of every step in the fixture. */
const allEvents = async (): Promise<OrderEvent[]> => {
  const steps = await fixture().select<{ id: string; status: AnnouncedStatus; at: Date }>(
    'orders',
    `SELECT order_id AS id, status::text AS status, at FROM order_history WHERE status <> 'CANCELLED' ORDER BY at`,
  );
  return steps.map(({ id, status, at }) => ({
    orderId: id,
    userId: 'user11',
    items: LINES,
    status,
    at: at.toISOString(),
  }));
};

const messageOf = (event: OrderEvent): Sent => ({
  status: event.status,
  message: encodeEvent(
    { event, trace: { traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '1' } },
    'test',
  ),
});

/** Sends the event of every step, each changed as a test wants it; none where it answers nothing. */
const sendAll = async (
  change: (sent: Sent, id: string) => readonly Sent[] = (sent) => [sent],
): Promise<void> => send((await allEvents()).flatMap((event) => change(messageOf(event), eventId(event))));

/** Does so to one event. */
const to =
  (id: string, change: (sent: Sent) => readonly Sent[]) =>
  (sent: Sent, other: string): readonly Sent[] =>
    id === other ? change(sent) : [sent];

const withMessage = ({ status, message }: Sent, changed: Partial<Message>): Sent => ({
  status,
  message: { ...message, ...changed },
});

const NOW = { eventMs: 0 };
const findings = () => fixture().findings({ kafka, limits: NOW });

test('when every step has its event, some of them twice, the audit is clean and the repeats counted', async () => {
  await sendAll(to('left:SHIPPED', (sent) => [sent, sent]));
  const { clean, checks } = await fixture().audit({ kafka, limits: NOW });
  expect(clean).toBe(true);
  expect(checks.find(({ name }) => name === 'events')).toMatchObject({
    checked: 14,
    notes: ['15 messages were read, 1 of them repeats'],
  });
});

test('events of an order that was archived since are counted, and wrong where it is in no file', async () => {
  await sendAll();
  const dir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-archive-'));
  const runtime = createRuntime();
  await archiveOrders({ databases: fixture().databases, dir, retainDays: 0, runtime });
  const { clean, checks } = await fixture().audit({ kafka, limits: NOW, archiveDir: dir });
  expect(clean).toBe(true);
  expect(checks.find(({ name }) => name === 'events')?.notes).toContain('5 messages of archived orders');
  await fixture().run('orders', "DELETE FROM archived_orders WHERE id = 'cancelled'");
  expect(await findings()).toMatchObject({
    'events: an event announces a transition that did not happen': ['cancelled:PENDING'],
  });
  await rm(dir, { recursive: true });
});

test('a step without its event is found', async () => {
  await sendAll(to('left:SHIPPED', () => []));
  expect(await findings()).toEqual({ 'events: a transition has no event': ['left:SHIPPED'] });
});

test('a step without its event is in flight while it is young, or its event waits in the outbox', async () => {
  await sendAll(to('left:SHIPPED', () => []));
  expect(await fixture().findings({ kafka, limits: { eventMs: 11_000 } })).toEqual({});
  await fixture().run(
    'orders',
    `INSERT INTO outbox (event_id, event, traceparent, created_at)
     VALUES ('left:SHIPPED', '{"orderId":"left","status":"SHIPPED"}', '', now())`,
  );
  expect(await findings()).toEqual({});
});

test('an event without its step is found', async () => {
  const [event] = await allEvents();
  if (!event) throw new Error('no event');
  await sendAll();
  await send([
    messageOf({ ...event, orderId: 'ghost' }),
    messageOf({ ...event, orderId: 'cancelled', status: 'PROCESSING' }),
  ]);
  expect(await findings()).toEqual({
    'events: an event announces a transition that did not happen': expect.arrayContaining([
      'ghost:PENDING',
      'cancelled:PROCESSING',
    ]),
  });
});

test('an event under another key is found', async () => {
  await sendAll(to('shipped:SHIPPED', (sent) => [withMessage(sent, { key: 'other' })]));
  expect(await findings()).toEqual({ 'events: an event is not keyed by its order': ['shipped:SHIPPED'] });
});

test('an event without its id is found', async () => {
  await sendAll(to('shipped:SHIPPED', (sent) => [withMessage(sent, { headers: {} })]));
  expect(await findings()).toEqual({ 'events: an event has a wrong id': ['shipped:SHIPPED'] });
});

test('an event that says other than its order is found', async () => {
  const events = await allEvents();
  await send(
    events.map((event) =>
      messageOf(
        event.orderId === 'pending' ? { ...event, items: [{ itemId: 'item1', quantity: 7 }] } : event,
      ),
    ),
  );
  expect(await findings()).toEqual({ 'events: an event differs from its order': ['pending:PENDING'] });
});

test('an event that is older than its step is found', async () => {
  const timestamp = String(Date.now() - 120_000);
  await sendAll(to('delivered:DELIVERED', (sent) => [withMessage(sent, { timestamp })]));
  expect(await findings()).toEqual({
    'events: an event precedes its transition': ['delivered:DELIVERED'],
  });
});

test('the events of one order in two partitions are found', async () => {
  await sendAll(
    to('pending:PENDING', (sent) => [
      withMessage(sent, { partition: 1 }),
      withMessage(sent, { partition: 2 }),
    ]),
  );
  expect(await findings()).toEqual({
    'events: the events of an order are in two partitions of a topic': ['pending:PENDING'],
  });
});

test('a message that cannot be understood is counted and no violation', async () => {
  await sendAll();
  await send([{ status: 'PENDING', message: { key: 'x', value: 'nonsense' } }]);
  const { clean, checks } = await fixture().audit({ kafka, limits: NOW });
  expect(clean).toBe(true);
  expect(checks.find(({ name }) => name === 'events')?.notes).toContain('1 message cannot be understood');
});

test('what Kafka has deleted is not checked, and said so; what is younger is', async () => {
  const events = await allEvents();
  const isOld = ({ status }: OrderEvent): boolean => status === 'PENDING';
  const [old, young] = [events.filter(isOld), events.filter((event) => !isOld(event))];
  const at = (sent: Sent, partition: number, ago: number): Sent =>
    withMessage(sent, { partition, timestamp: String(Date.now() - ago) });
  const [kept = old[0]] = old.slice(-1);
  if (!kept) throw new Error('no event');
  // Of the first topic all but the last message is gone, and that one is younger than all steps.
  await send(old.slice(0, -1).map((event) => at(messageOf(event), 0, 9_000)));
  await send([at(messageOf(kept), 0, 0), ...young.map(messageOf)]);
  await deleteBefore('ORDER_PLACED', 0, String(old.length - 1));
  const { clean, checks } = await fixture().audit({ kafka, limits: NOW });
  expect(clean).toBe(true);
  expect(checks.find(({ name }) => name === 'events')?.notChecked).toBe(
    '5 steps without an event: Kafka has deleted messages of that time',
  );
});
