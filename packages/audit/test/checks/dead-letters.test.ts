import { expect, test } from '@jest/globals';
import { bareDeadLetter, createTopicSetup } from '@order-pipeline/messaging';
import { createTestBroker } from '@order-pipeline/testing';
import { useFixture } from '../planted-faults.ts';

const fixture = useFixture();

const letter = (id: string, status: string, ago: string): string => `
  INSERT INTO dead_letters (id, status, topic, partition, message_offset, consumer_group, reason, tries, redrives,
    order_id, failed_at, received_at, updated_at, headers)
  VALUES ('${id}', '${status}', 'ORDER_PLACED', 3, 17, 'workflow', 'it is broken', 5, 0, 'pending',
    now() - interval '${ago}', now() - interval '${ago}', now() - interval '${ago}', '[]')`;

const STILL = { orderMs: 5_000 };

test('open dead letters are reported with their reasons, and are no violation', async () => {
  await fixture().run('orders', letter('letter1', 'OPEN', '1 hour'));
  await fixture().run('orders', letter('letter2', 'REDRIVEN', '1 hour'));
  const { clean, checks } = await fixture().audit();
  expect(clean).toBe(true);
  expect(checks.find(({ name }) => name === 'dead letters')).toMatchObject({
    checked: 2,
    notes: [
      '1 dead letter for an operator to resolve',
      '  letter1  ORDER_PLACED, partition 3, offset 17, for workflow, order pending: it is broken',
    ],
  });
});

test('an order that is stuck because of an open dead letter is explained by it, others are not', async () => {
  await fixture().run('orders', letter('letter1', 'OPEN', '1 hour'));
  const report = await fixture().audit({ limits: STILL });
  const progress = report.checks.find(({ name }) => name === 'progress');
  expect(progress?.violations.map(({ examples }) => examples.map(({ id }) => id))).toEqual([
    ['left', 'processing', 'shipped'],
  ]);
  expect(progress?.notes).toEqual([
    '1 order that waits for an operator to work a dead letter',
    expect.stringMatching(/^ {2}pending {2}PENDING since .*; letter letter1: it is broken$/),
  ]);
});

test('an order whose dead letter was resolved is explained by it no longer', async () => {
  await fixture().run('orders', letter('letter1', 'DISCARDED', '1 hour'));
  expect(await fixture().findings({ limits: STILL })).toEqual({
    'progress: an order is stuck': ['left', 'pending', 'processing', 'shipped'],
  });
});

test('a letter that is redriving for too long is found', async () => {
  await fixture().run('orders', letter('letter1', 'REDRIVING', '2 minutes'));
  await fixture().run('orders', letter('letter2', 'REDRIVING', '1 second'));
  expect(await fixture().findings()).toEqual({
    'dead letters: a redrive that was not published': ['letter1'],
  });
});

test('a message that was dead-lettered and not kept is found, once it is not young any more', async () => {
  const broker = createTestBroker();
  await createTopicSetup(broker, 'test')();
  const producer = broker.connect('test').producer();
  await producer.connect();
  const timestamp = String(Date.now() - 2_000);
  const messages = [{ key: 'pending', value: 'x', timestamp, headers: { 'dlq.reason': 'it is broken' } }];
  await producer.sendBatch({ topicMessages: [{ topic: 'ORDER_SHIPPED.DLQ', messages }] });
  await producer.disconnect();
  const kafka = broker.connect('audit');
  const findings = async (eventMs: number) => {
    const { checks } = await fixture().audit({ kafka, limits: { eventMs } });
    return checks.find(({ name }) => name === 'dead letters')?.violations;
  };
  expect(await findings(1_000)).toMatchObject([
    {
      problem: 'a message of a DLQ is not stored as a dead letter',
      count: 1,
      examples: [{ id: 'pending', detail: expect.stringContaining('it is broken') }],
    },
  ]);
  expect(await findings(60_000)).toEqual([]);
});

test('a message that was kept under its place alone, since its headers cannot be stored, is no violation', async () => {
  const broker = createTestBroker();
  await createTopicSetup(broker, 'test')();
  const producer = broker.connect('test').producer();
  await producer.connect();
  const topic = 'ORDER_SHIPPED.DLQ';
  const timestamp = String(Date.now() - 2_000);
  const messages = [{ value: 'x', partition: 0, timestamp, headers: { 'dlq.group': 'a'.repeat(10_000) } }];
  await producer.sendBatch({ topicMessages: [{ topic, messages }] });
  await producer.disconnect();
  const audit = () => fixture().findings({ kafka: broker.connect('audit'), limits: { eventMs: 1_000 } });
  expect(await audit()).toHaveProperty(['dead letters: a message of a DLQ is not stored as a dead letter']);
  const kept = { key: null, value: Buffer.from('x'), timestamp };
  const { id } = bareDeadLetter({ topic, partition: 0, offset: '0' }, kept);
  await fixture().run('orders', letter(id, 'OPEN', '1 second'));
  expect(await audit()).not.toHaveProperty([
    'dead letters: a message of a DLQ is not stored as a dead letter',
  ]);
});
