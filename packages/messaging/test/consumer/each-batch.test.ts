import { expect, test } from '@jest/globals';
import { unavailable } from '@order-pipeline/service-kit';
import { eventually, recordSpans } from '@order-pipeline/testing';
import { MAX_TRIES } from '../../src/index.ts';
import {
  committedAt,
  consumeIds,
  consumeWith,
  fresh,
  holdMessage,
  idsOf,
  placed,
  publish,
  startHarness,
  TOPIC,
  TRACE,
  untilDeadLetters,
  WAIT,
} from '../support.ts';

// These run on the broker in memory, and on a real Kafka where KAFKA_BROKERS is set: each with a group and order ids of
// its own, because the topics are everybody's.

test('the offset of a message is committed once it is processed, and not before', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const { position, gate } = await holdMessage(harness, group, orderId);
  const before = await committedAt(harness.broker, group, position);
  expect(before).toBeLessThanOrEqual(Number(position.offset));
  gate.open();
  await eventually(async () => {
    const after = await committedAt(harness.broker, group, position);
    expect(after).toBeGreaterThan(Number(position.offset));
  }, WAIT);
  await harness.service.close();
});

test('stopping waits for the batch in hand and commits it, so nobody works it again', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const { consumer, position, gate } = await holdMessage(harness, group, orderId);
  let stopped = false;
  const stopping = consumer.stop().then(() => {
    stopped = true;
  });
  // Kafka answers something else in the meantime; the stop has not come to its end before the batch has.
  expect(await committedAt(harness.broker, group, position)).toBeLessThanOrEqual(Number(position.offset));
  expect(stopped).toBe(false);
  gate.open();
  await stopping;
  expect(await committedAt(harness.broker, group, position)).toBeGreaterThan(Number(position.offset));
  await harness.service.close();
});

test('a message that cannot be understood goes to the dead letters, and the ones behind it pass', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  await publish(harness, orderId);
  await harness.publisher.send(TOPIC, [{ key: orderId, value: 'nonsense', headers: { 'dlq.tries': '2' } }]);
  await publish(harness, orderId);
  const { processed } = consumeIds(harness, group);
  await eventually(() => expect(processed.filter((id) => id === orderId)).toHaveLength(2), WAIT);
  await untilDeadLetters(harness.broker, group, orderId, (letters) =>
    expect(letters).toEqual([
      {
        topic: `${TOPIC}.DLQ`,
        partition: expect.any(Number),
        offset: expect.any(String),
        key: orderId,
        value: 'nonsense',
        headers: {
          'dlq.reason': 'the value is not JSON',
          'dlq.topic': TOPIC,
          'dlq.partition': expect.stringMatching(/^[0-5]$/),
          'dlq.offset': expect.stringMatching(/^\d+$/),
          'dlq.tries': '3',
          'dlq.group': group,
          'dlq.at': expect.stringMatching(/^20\d\d-/),
        },
      },
    ]),
  );
  await harness.service.close();
});

test('a message as large as Kafka takes, and of no use, does not hold up its partition', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  await harness.publisher.send(TOPIC, [{ key: orderId, value: 'x'.repeat(1_048_400) }]);
  await publish(harness, orderId);
  const { processed } = consumeIds(harness, group);
  await eventually(() => expect(processed).toContain(orderId), WAIT);
  await untilDeadLetters(harness.broker, group, orderId, (letters) => expect(letters).toHaveLength(1));
  await harness.service.close();
});

test('a handler that throws a TypeError on one message does not stop the consumer', async () => {
  const harness = await startHarness();
  const [group, bad, good] = [fresh('group'), fresh('bad'), fresh('good')];
  const processed = new Set<string>();
  consumeWith(harness, group, async (events) => {
    if (idsOf(events).includes(bad)) throw new TypeError('undefined is not an order');
    for (const id of idsOf(events)) processed.add(id);
  });
  const keyed = { key: bad, value: JSON.stringify(placed(good)) };
  await publish(harness, bad);
  await harness.publisher.send(TOPIC, [keyed]);
  await eventually(() => expect(processed).toContain(good), WAIT);
  await untilDeadLetters(harness.broker, group, bad, (letters) =>
    expect(letters).toMatchObject([
      {
        key: bad,
        headers: {
          'dlq.reason': 'TypeError: undefined is not an order',
          'dlq.tries': String(MAX_TRIES),
          ce_id: `${bad}:PENDING`,
        },
      },
    ]),
  );
  await harness.service.close();
});

test('a message that an unavailable dependency keeps from being processed is processed when it is back', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  let tries = 0;
  let done = false;
  consumeWith(harness, group, async (events) => {
    if (!idsOf(events).includes(orderId)) return;
    tries += 1;
    if (tries <= MAX_TRIES + 1) throw unavailable('orders is down');
    done = true;
  });
  await publish(harness, orderId);
  await eventually(() => expect(done).toBe(true), WAIT);
  const deadLetters = harness.service.logs.filter(
    ({ msg, reason }) => msg === 'message sent to the DLQ' && String(reason).includes('orders is down'),
  );
  expect(deadLetters).toEqual([]);
  await harness.service.close();
});

test('what a stopped consumer leaves undone is recorded as redelivered, and the next one processes it', async () => {
  const { spans, tracerOf } = recordSpans();
  const harness = await startHarness({ tracer: tracerOf('orders') });
  const [group, orderId] = [fresh('group'), fresh('order')];
  const consume = (handle: (own: boolean) => void) =>
    harness.consume({
      group,
      topics: [TOPIC],
      commitMode: 'auto',
      handle: async (events) => handle(idsOf(events).includes(orderId)),
    });
  let tried = false;
  const first = consume((own) => {
    if (!own) return;
    tried = true;
    throw unavailable('not now');
  });
  const trace = { ...TRACE, sampled: true };
  await harness.publisher.publish([{ event: placed(orderId), trace }]);
  await eventually(() => expect(tried).toBe(true), WAIT);
  await first.stop();
  let isProcessed = false;
  consume((own) => {
    isProcessed ||= own;
  });
  const processings = () =>
    spans.filter(({ kind, attributes }) => kind === 'CONSUMER' && attributes['order.id'] === orderId);
  await eventually(() => expect(processings()).toHaveLength(2), WAIT);
  expect(isProcessed).toBe(true);
  expect(processings()).toMatchObject([
    { failed: true, attributes: { 'error.type': 'redelivered' } },
    { failed: false },
  ]);
  await harness.service.close();
});
