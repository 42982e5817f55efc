import { expect, test } from '@jest/globals';
import { createMetrics } from '@order-pipeline/service-kit';
import { createTestLogger } from '@order-pipeline/testing';
import type { Message } from 'kafkajs';
import { Registry } from 'prom-client';
import { createDeadLetterPublisher, type RawMessage } from '../src/index.ts';

const position = { topic: 'ORDER_SHIPPED', partition: 4, offset: '17' };

const prepare = () => {
  const sent: { topic: string; message: Message | undefined }[] = [];
  const registry = new Registry();
  const deadLetter = createDeadLetterPublisher({
    group: 'delivery',
    publisher: { send: async (topic, [message]) => void sent.push({ topic, message }) },
    runtime: { wallClock: () => Date.UTC(2026, 0, 1) },
    metrics: createMetrics(registry, 'delivery'),
    logger: createTestLogger().logger,
  });
  return { sent, registry, deadLetter };
};

const raw = (headers: RawMessage['headers'] = {}): RawMessage => ({
  key: Buffer.from('order-1'),
  value: Buffer.from('nonsense'),
  headers,
});

test('a dead letter holds the message as it was, the reason, the origin and the tries', async () => {
  const { deadLetter, sent, registry } = prepare();
  await deadLetter(position, raw({ ce_id: Buffer.from('order-1:SHIPPED') }), { reason: 'broken', tries: 5 });
  expect(sent).toEqual([
    {
      topic: 'ORDER_SHIPPED.DLQ',
      message: {
        key: Buffer.from('order-1'),
        value: Buffer.from('nonsense'),
        headers: {
          ce_id: Buffer.from('order-1:SHIPPED'),
          'dlq.reason': 'broken',
          'dlq.topic': 'ORDER_SHIPPED',
          'dlq.partition': '4',
          'dlq.offset': '17',
          'dlq.tries': '5',
          'dlq.group': 'delivery',
          'dlq.at': '2026-01-01T00:00:00.000Z',
        },
      },
    },
  ]);
  expect(await registry.getSingleMetricAsString('dead_letters_total')).toContain(
    'dead_letters_total{service="delivery",topic="ORDER_SHIPPED",group="delivery"} 1',
  );
});

test.each([
  ['7', '12'],
  ['0', '5'],
  ['-3', '5'],
  ['1e999', '5'],
  ['many', '5'],
])('the tries of a message that was redriven with %s add up to %s', async (before, total) => {
  const { deadLetter, sent } = prepare();
  await deadLetter(position, raw({ 'dlq.tries': Buffer.from(before) }), { reason: 'broken', tries: 5 });
  expect(sent).toMatchObject([{ message: { headers: { 'dlq.tries': total } } }]);
});

test('headers that Kafka delivers but kafkajs cannot send do not keep a message out of the dead letters', async () => {
  const { deadLetter, sent } = prepare();
  const none = null as unknown as Buffer;
  await deadLetter(position, raw({ empty: none, twice: [Buffer.from('a'), none] }), {
    reason: 'x',
    tries: 1,
  });
  expect(sent).toMatchObject([{ message: { headers: { empty: '', twice: [Buffer.from('a'), ''] } } }]);
});

test('a reason that quotes the message at length is cut short', async () => {
  const { deadLetter, sent } = prepare();
  await deadLetter(position, raw(), { reason: 'x'.repeat(1_000_000), tries: 1 });
  expect(sent[0]?.message?.headers?.['dlq.reason']).toHaveLength(1_000);
});

test('a dead letter that was not taken does not count as one', async () => {
  const registry = new Registry();
  const deadLetter = createDeadLetterPublisher({
    group: 'delivery',
    publisher: { send: () => Promise.reject(new Error('Kafka is down')) },
    runtime: { wallClock: () => 0 },
    metrics: createMetrics(registry, 'delivery'),
    logger: createTestLogger().logger,
  });
  await expect(deadLetter(position, raw(), { reason: 'broken', tries: 1 })).rejects.toThrow('Kafka is down');
  expect(await registry.getSingleMetricAsString('dead_letters_total')).not.toContain('} 1');
});
