import { expect, test } from '@jest/globals';
import { createMetrics } from '@order-pipeline/service-kit';
import { createTestLogger, eventually } from '@order-pipeline/testing';
import type { Message } from 'kafkajs';
import { Registry } from 'prom-client';
import {
  createDeadLetterPublisher,
  isRedriveForOtherGroup,
  redriveMessage,
  type RawMessage,
  type ReceivedEvent,
} from '../src/index.ts';
import { committedAt, consumeWith, fresh, idsOf, placed, startHarness, TOPIC, WAIT } from './support.ts';

const LETTER_ID = 'a'.repeat(24);
const bytes = (text: string) => Buffer.from(text);

const dead: RawMessage = {
  key: bytes('order-1'),
  value: bytes('nonsense'),
  headers: {
    ce_id: bytes('order-1:SHIPPED'),
    twice: [bytes('a'), bytes('b')],
    'dlq.reason': bytes('broken'),
    'dlq.topic': bytes('ORDER_SHIPPED'),
    'dlq.partition': bytes('4'),
    'dlq.offset': bytes('17'),
    'dlq.at': bytes('2026-01-01T00:00:00.000Z'),
    'dlq.tries': bytes('5'),
    'dlq.group': bytes('delivery'),
  },
};

test('what is redriven is the message as it was, with its tries in its headers', () => {
  expect(redriveMessage(LETTER_ID, dead)).toEqual({
    key: bytes('order-1'),
    value: bytes('nonsense'),
    headers: {
      ce_id: bytes('order-1:SHIPPED'),
      twice: [bytes('a'), bytes('b')],
      'dlq.tries': bytes('5'),
      'dlq.group': bytes('delivery'),
      'dlq.redrives': '1',
      'dlq.letter': LETTER_ID,
    },
  });
});

test('a message that dies again counts on, and goes back with one more', async () => {
  const sent: Message[] = [];
  const deadLetter = createDeadLetterPublisher({
    group: 'delivery',
    publisher: { send: async (_, messages) => void sent.push(...messages) },
    runtime: { wallClock: () => Date.UTC(2026, 0, 2) },
    metrics: createMetrics(new Registry(), 'delivery'),
    logger: createTestLogger().logger,
  });
  const back = redriveMessage(LETTER_ID, dead) as RawMessage;
  await deadLetter({ topic: 'ORDER_SHIPPED', partition: 4, offset: '18' }, back, {
    reason: 'again',
    tries: 5,
  });
  expect(sent[0]?.headers).toMatchObject({ 'dlq.tries': '10', 'dlq.redrives': '1', 'dlq.offset': '18' });
  const again = redriveMessage('b'.repeat(24), sent[0] as RawMessage);
  expect(again.headers).toMatchObject({
    'dlq.tries': '10',
    'dlq.redrives': '2',
    'dlq.letter': 'b'.repeat(24),
  });
});

test.each([
  ['the group that failed', 'ORDER_SHIPPED', { 'dlq.redrives': '1', 'dlq.group': 'delivery' }, false],
  ['another group', 'ORDER_SHIPPED', { 'dlq.redrives': '1', 'dlq.group': 'inventory' }, true],
  ['nobody in particular', 'ORDER_SHIPPED', { 'dlq.redrives': '1' }, false],
  [
    'another group, as a dead letter',
    'ORDER_SHIPPED.DLQ',
    { 'dlq.redrives': '1', 'dlq.group': 'inventory' },
    false,
  ],
  ['another group, without ever being redriven', 'ORDER_SHIPPED', { 'dlq.group': 'inventory' }, false],
])('what is meant for %s', (_, topic, headers, passedOver) => {
  expect(isRedriveForOtherGroup(topic, headers, 'delivery')).toBe(passedOver);
});

const FOR_ANOTHER = { 'dlq.redrives': '1', 'dlq.group': 'another' };

test('a group commits past what was redriven for another one, also where the handler commits', async () => {
  const harness = await startHarness();
  const [group, key, behind] = [fresh('group'), fresh('order'), fresh('order')];
  const anothers = [fresh('order'), fresh('order')] as const;
  const given: string[] = [];
  const handle = async (events: readonly ReceivedEvent[]): Promise<void> => {
    given.push(...idsOf(events));
    void consumer.processBuffered(events, async () => undefined);
  };
  const consumer = consumeWith(harness, group, handle, 'manual');
  const message = (orderId: string, headers = {}) => ({
    key,
    value: JSON.stringify(placed(orderId)),
    headers,
  });
  await harness.publisher.send(TOPIC, [
    message(anothers[0], FOR_ANOTHER),
    { key, value: 'x', headers: FOR_ANOTHER },
  ]);
  await harness.publisher.send(TOPIC, [message(behind), message(anothers[1], FOR_ANOTHER)]);
  await eventually(() => expect(given).toContain(behind), WAIT);
  const admin = harness.broker.connect('tests').admin();
  const ends = await admin.fetchTopicOffsets(TOPIC);
  await eventually(async () => {
    for (const { partition, high } of ends)
      expect([
        partition,
        Math.max(0, await committedAt(harness.broker, group, { topic: TOPIC, partition })),
      ]).toEqual([partition, Number(high)]);
  }, WAIT);
  await admin.disconnect();
  expect(given.filter((orderId) => [behind, ...anothers].includes(orderId))).toEqual([behind]);
  await harness.service.close();
});
