import { expect, test } from '@jest/globals';
import { unavailable } from '@order-pipeline/service-kit';
import { createTestBroker, eventually, readTopics } from '@order-pipeline/testing';
import { MAX_TRIES, type ReceivedEvent } from '../../src/index.ts';
import {
  committedAt,
  consumeWith,
  fresh,
  idsOf,
  partitionsOf,
  placed,
  publish,
  startHarness,
  TOPIC,
  untilDeadLetters,
  WAIT,
  type Harness,
} from '../support.ts';

// These run on the broker in memory, and on a real Kafka where KAFKA_BROKERS is set: each with a group and order ids of
// its own, because the topics are everybody's.

/** A consumer that takes its messages in and processes them when the test says. */

const startTakingIn = (harness: Harness, group: string, orderIds: readonly string[]) => {
  const taken: ReceivedEvent[] = [];
  let assigned = 0;
  const consumer = harness.consume({
    group,
    topics: [TOPIC],
    commitMode: 'manual',
    handle: async (events) => void taken.push(...events),
    onAssigned: () => {
      assigned += 1;
      taken.length = 0;
    },
  });
  const own = (): ReceivedEvent[] => taken.filter(({ event }) => orderIds.includes(event.orderId));
  const onlyOwn = async (): Promise<ReceivedEvent> => {
    await eventually(() => expect(own()).toHaveLength(1), WAIT);
    const [message] = own();
    if (!message) throw new Error('it came');
    return message;
  };
  return { consumer, taken, own, onlyOwn, assigned: () => assigned };
};

test('what a handler merely took in is not committed until it is processed, and comes again until then', async () => {
  const broker = createTestBroker();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const first = await startHarness({ broker });
  const before = startTakingIn(first, group, [orderId]);
  await publish(first, orderId);
  await eventually(() => expect(before.own()).toHaveLength(1), WAIT);
  await before.consumer.stop();

  const second = await startHarness({ broker });
  const again = startTakingIn(second, group, [orderId]);
  const message = await again.onlyOwn();
  const processed: string[] = [];
  expect(
    await again.consumer.processBuffered(
      again.taken,
      async (events) => void processed.push(...idsOf(events)),
    ),
  ).toBe(true);
  expect(processed).toContain(orderId);
  expect(await committedAt(broker, group, message)).toBeGreaterThan(Number(message.offset));
  await Promise.all([first.service.close(), second.service.close()]);
});

test('what is processed is committed no further than the first message that still waits', async () => {
  const harness = await startHarness();
  const [group, key] = [fresh('group'), fresh('key')];
  const [early, late] = [fresh('order'), fresh('order')];
  const { consumer, taken, own } = startTakingIn(harness, group, [early, late]);
  const message = (orderId: string) => ({ key, value: JSON.stringify(placed(orderId)) });
  await harness.publisher.send(TOPIC, [message(early), message(late)]);
  await eventually(() => expect(own()).toHaveLength(2), WAIT);
  const [first, second] = own();
  if (!first || !second) throw new Error('both came');
  const others = taken.filter((one) => one !== first && one !== second);
  await consumer.processBuffered([...others, second], async () => undefined);
  expect(await committedAt(harness.broker, group, first)).toBeLessThanOrEqual(Number(first.offset));
  await consumer.processBuffered([first], async () => undefined);
  expect(await committedAt(harness.broker, group, first)).toBe(Number(second.offset) + 1);
  await harness.service.close();
});

/** A consumer that has taken in a message of one order, in a group of its own. */
const takeInOne = async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const { consumer, taken, onlyOwn } = startTakingIn(harness, group, [orderId]);
  await publish(harness, orderId);
  return { harness, group, orderId, consumer, taken, message: await onlyOwn() };
};

test('a message that cannot be understood is committed by itself where nothing waits before it', async () => {
  const { harness, group, orderId, consumer, taken, message } = await takeInOne();
  await consumer.processBuffered(taken, async () => undefined);
  await harness.publisher.send(TOPIC, [{ key: orderId, value: 'nonsense' }]);
  await eventually(async () => {
    expect(await committedAt(harness.broker, group, message)).toBeGreaterThan(Number(message.offset) + 1);
  }, WAIT);
  await harness.service.close();
});

test('a message that keeps failing when it is processed goes to the dead letters, and is done', async () => {
  const { harness, group, orderId: bad, consumer, taken, message } = await takeInOne();
  const done = await consumer.processBuffered(taken, async (events) => {
    if (idsOf(events).includes(bad)) throw new RangeError('no such order');
  });
  expect(done).toBe(true);
  expect(await committedAt(harness.broker, group, message)).toBeGreaterThan(Number(message.offset));
  await untilDeadLetters(harness.broker, group, bad, (letters) =>
    expect(letters).toMatchObject([
      { key: bad, headers: { 'dlq.reason': 'RangeError: no such order', 'dlq.tries': String(MAX_TRIES) } },
    ]),
  );
  await harness.service.close();
});

/** Two members on one broker, the first of which takes in the messages of an order, in a group of its own. */
const startTwo = async () => {
  const broker = createTestBroker();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const first = await startHarness({ broker });
  const second = await startHarness({ broker });
  const close = () => Promise.all([first.service.close(), second.service.close()]);
  return { broker, group, orderId, first, second, mine: startTakingIn(first, group, [orderId]), close };
};

test('messages that are processed while their partitions are assigned anew are left to come again', async () => {
  const { broker, group, orderId, first, second, mine, close } = await startTwo();
  await publish(first, orderId);
  const message = await mine.onlyOwn();
  const processing = mine.consumer.processBuffered([...mine.taken], async () => {
    throw unavailable('orders is down');
  });
  const theirs = startTakingIn(second, group, [orderId]);
  expect(await processing).toBe(false);
  await eventually(() => expect([...mine.own(), ...theirs.own()]).toHaveLength(1), WAIT);
  expect(await committedAt(broker, group, message)).toBeLessThanOrEqual(Number(message.offset));
  await close();
});

test('a consumer that is paused takes nothing in, and continues where it was when it is resumed', async () => {
  const harness = await startHarness();
  const [group, early, late] = [fresh('group'), fresh('order'), fresh('order')];
  const { consumer, own } = startTakingIn(harness, group, [early, late]);
  await publish(harness, early);
  await eventually(() => expect(own()).toHaveLength(1), WAIT);
  consumer.pause();
  await publish(harness, late);
  const reader = await readTopics(harness.broker, [TOPIC]);
  await eventually(() => expect(reader.messages.map(({ key }) => key)).toContain(late), WAIT);
  expect(idsOf(own())).toEqual([early]);
  consumer.resume();
  await eventually(() => expect(idsOf(own())).toEqual([early, late]), WAIT);
  await reader.stop();
  await harness.service.close();
});

test('a consumer that is paused stays so when its partitions are assigned anew', async () => {
  const { broker, group, orderId, first, second, mine, close } = await startTwo();
  await eventually(() => expect(mine.assigned()).toBe(1), WAIT);
  mine.consumer.pause();
  const theirs = startTakingIn(second, group, [orderId]);
  await eventually(() => expect(theirs.assigned()).toBeGreaterThan(0), WAIT);
  await theirs.consumer.stop();
  await eventually(() => expect(partitionsOf(first)).toHaveLength(6), WAIT);
  await publish(first, orderId);
  const reader = await readTopics(broker, [TOPIC]);
  await eventually(() => expect(reader.messages.map(({ key }) => key)).toContain(orderId), WAIT);
  expect(mine.own()).toEqual([]);
  mine.consumer.resume();
  await eventually(() => expect(mine.own()).toHaveLength(1), WAIT);
  await reader.stop();
  await close();
});

test('a consumer that is paused in the midst of a large batch leaves the rest of it in Kafka', async () => {
  const harness = await startHarness();
  const [group, key] = [fresh('group'), fresh('key')];
  const orderIds = Array.from({ length: 1_200 }, () => fresh('order'));
  const taken: string[] = [];
  const handle = async (events: readonly ReceivedEvent[]): Promise<void> => {
    const own = idsOf(events).filter((id) => orderIds.includes(id));
    taken.push(...own);
    if (own.length > 0) consumer.pause();
  };
  const consumer = consumeWith(harness, group, handle, 'manual');
  // One key, so one partition; and larger than what is processed in one go.
  const messages = orderIds.map((orderId) => ({ key, value: JSON.stringify(placed(orderId)) }));
  await harness.publisher.send(TOPIC, messages);
  for (let had = 0; had < orderIds.length; had = taken.length) {
    const before = had;
    await eventually(() => expect(taken.length).toBeGreaterThan(before), WAIT);
    const inOneGo = taken.length - before;
    expect(inOneGo).toBeLessThanOrEqual(500);
    // Kafka answers something in the meantime, in which more would have come.
    await committedAt(harness.broker, group, { topic: TOPIC, partition: 0 });
    expect(taken).toHaveLength(before + inOneGo);
    consumer.resume();
  }
  expect(taken).toEqual(orderIds);
  await harness.service.close();
});

test('a partition that was with another member in between is committed from where that one left it', async () => {
  const broker = createTestBroker();
  const group = fresh('group');
  const [first, second] = [await startHarness({ broker }), await startHarness({ broker })];
  // Enough of them that some are in the partitions that move.
  const [early, late] = [0, 1].map(() => Array.from({ length: 40 }, () => fresh('order')));
  if (!early || !late) throw new Error('two lots were made');
  const mine = startTakingIn(first, group, [...early, ...late]);
  await publish(first, ...early);
  await eventually(() => expect(mine.own()).toHaveLength(40), WAIT);

  const theirs = startTakingIn(second, group, early);
  await eventually(() => {
    expect([partitionsOf(first).length, partitionsOf(second).length]).toEqual([3, 3]);
    expect(mine.own().length + theirs.own().length).toBe(40);
  }, WAIT);
  expect(await theirs.consumer.processBuffered([...theirs.taken], async () => undefined)).toBe(true);
  expect(await mine.consumer.processBuffered([...mine.taken], async () => undefined)).toBe(true);
  await theirs.consumer.stop();
  await eventually(() => expect(partitionsOf(first)).toHaveLength(6), WAIT);

  await publish(first, ...late);
  await eventually(() => expect(new Set(idsOf(mine.own()))).toEqual(new Set(late)), WAIT);
  expect(await mine.consumer.processBuffered([...mine.taken], async () => undefined)).toBe(true);
  for (const message of mine.own()) {
    expect(await committedAt(broker, group, message)).toBeGreaterThan(Number(message.offset));
  }
  await Promise.all([first.service.close(), second.service.close()]);
});
