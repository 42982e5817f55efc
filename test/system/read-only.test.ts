import { expect, test } from '@jest/globals';
import { TOPIC_NAMES, deadLetterTopic } from '@order-pipeline/contracts';
import { createTestLogger, eventually, readTopics } from '@order-pipeline/testing';
import { defineAuditTest } from '../audit.ts';
import { unique } from '../gateway.ts';
import { useOrdersDatabase, useWholeSystem } from './fixtures.ts';

// A server that is read-only for a while, as one is around a failover.

const { logger, logs } = createTestLogger();

const { started, gateway } = useWholeSystem(() => ({ logger }));
const admin = useOrdersDatabase(started);

/** Also for the sessions that are open. */
const setReadOnly = async (isReadOnly: boolean): Promise<void> => {
  await admin.query('SET default_transaction_read_only = off');
  await admin.query(`ALTER SYSTEM SET default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`);
  await admin.query('SELECT pg_reload_conf()');
};

const linesSince = (from: number, msg: string) => logs.slice(from).filter((line) => line.msg === msg);

test('while the databases are read-only nothing is answered with 500 and nothing becomes a dead letter; then all continues', async () => {
  const [userId, itemId] = [unique('user'), unique('item')];
  await gateway.addUser(userId);
  await gateway.addItem(itemId, 10_000);
  const acknowledged: string[] = [];
  const refusals = new Map<number, number>();
  let goesOn = true;
  const placing = (async () => {
    while (goesOn) {
      const orderId = unique('order');
      const { status } = await gateway.place(orderId, userId, { [itemId]: 1 });
      if (status === 201) acknowledged.push(orderId);
      else refusals.set(status, (refusals.get(status) ?? 0) + 1);
    }
  })();
  await eventually(() => expect(acknowledged.length).toBeGreaterThan(20), { timeoutMs: 30_000 });
  const from = logs.length;
  await setReadOnly(true);
  // Consumers have met it more often than a message that fails by itself is tried.
  await eventually(() => expect(linesSince(from, 'message processing failed').length).toBeGreaterThan(15), {
    timeoutMs: 20_000,
  });
  expect(await gateway.get('/api/orders?limit=1')).toMatchObject({ status: 200 });
  await setReadOnly(false);
  const before = acknowledged.length;
  await eventually(() => expect(acknowledged.length).toBeGreaterThan(before + 5), { timeoutMs: 30_000 });
  goesOn = false;
  await placing;

  expect([...refusals.keys()]).toEqual([503]);
  for (const orderId of acknowledged) await gateway.reaches(orderId, 'DELIVERED');
  const reader = await readTopics(started.system.infrastructure.broker, TOPIC_NAMES.map(deadLetterTopic));
  expect(reader.messages.filter(({ key }) => acknowledged.includes(key))).toEqual([]);
  await reader.stop();
  // Each failure that is waited for is one line, without a stack.
  const waits = linesSince(from, 'message processing failed');
  for (const line of waits) {
    expect(line).toMatchObject({ level: 40, transient: true });
    expect(line).not.toHaveProperty('err');
  }
  expect(logs.slice(from).filter(({ level }) => level >= 50)).toEqual([]);
}, 120_000);

/** What a keeper of dead letters cannot store waits for it. */
test('a dead letter that comes while the database is read-only is kept once it is not', async () => {
  const orderId = unique('order');
  const from = logs.length;
  await setReadOnly(true);
  const producer = started.system.infrastructure.broker.connect(unique('poison')).producer();
  await producer.connect();
  const messages = [{ key: orderId, value: 'no JSON' }];
  await producer.sendBatch({ topicMessages: [{ topic: 'ORDER_SHIPPED', messages }] });
  await producer.disconnect();
  await eventually(
    () =>
      expect(linesSince(from, 'message could not be sent to the DLQ, retrying').length).toBeGreaterThan(5),
    { timeoutMs: 20_000 },
  );
  await setReadOnly(false);
  await eventually(async () => {
    const { body } = await gateway.get(`/ops/dead-letters?orderId=${orderId}`);
    // Of each group that reads the topic.
    expect(body).toMatchObject([{ reason: 'the value is not JSON' }, { reason: 'the value is not JSON' }]);
  });
}, 60_000);

/** Longer than the index of open letters can hold. */
test('a dead letter whose headers cannot be stored is kept as it lies, and holds up none behind it', async () => {
  const orderId = unique('order');
  const producer = started.system.infrastructure.broker.connect(unique('poison')).producer();
  await producer.connect();
  const group = Array.from({ length: 2_000 }, () => unique('g')).join('');
  const good = { 'dlq.reason': 'a test', 'dlq.group': 'shipping' };
  const messages = [
    { key: orderId, value: 'bad', headers: { 'dlq.reason': 'a test', 'dlq.group': group } },
    { key: orderId, value: 'good', headers: good },
  ];
  await producer.sendBatch({ topicMessages: [{ topic: 'ORDER_PLACED.DLQ', messages }] });
  await producer.disconnect();
  await eventually(async () => {
    const { body } = await gateway.get(`/ops/dead-letters?orderId=${orderId}`);
    expect(body).toMatchObject([{ group: 'shipping', reason: 'a test' }]);
    const { rows } = await admin.query(
      "SELECT convert_from(value, 'UTF8') AS value FROM dead_letters WHERE consumer_group = 'unknown'",
    );
    expect(rows).toEqual([{ value: 'bad' }]);
  });
}, 60_000);

defineAuditTest(() => started.system);
