import { expect, test } from '@jest/globals';
import { unavailable, type Broker } from '@order-pipeline/service-kit';
import { createTestBroker, eventually } from '@order-pipeline/testing';
import { MAX_TRIES, type ReceivedEvent } from '../src/index.ts';
import {
  committedAt,
  createGate,
  fresh,
  placed,
  readRaw,
  startHarness,
  TRACE,
  WAIT,
  type Harness,
} from './support.ts';

// These run on the broker in memory, and on a real Kafka where KAFKA_BROKERS is set: each with a group and order ids of
// its own, because the topics are everybody's.

const TOPIC = 'ORDER_PLACED';
const idsOf = (events: readonly ReceivedEvent[]): string[] => events.map(({ event }) => event.orderId);
const publish = ({ publisher }: Harness, ...orderIds: string[]) =>
  publisher.publish(orderIds.map((orderId) => ({ event: placed(orderId), trace: TRACE })));

/** The dead letters that a group has made of the messages of a key. */
const readDeadLetters = async (broker: Broker, group: string, ofKey: string) => {
  const { seen, stop } = await readRaw(broker, [`${TOPIC}.DLQ`]);
  return {
    own: () =>
      seen
        .map(({ message: { key, value, headers } }) => ({
          key: String(key),
          value: String(value),
          headers: Object.fromEntries(
            Object.entries(headers ?? {}).map(([name, content]) => [name, String(content)]),
          ),
        }))
        .filter(({ key, headers }) => key === ofKey && headers['dlq.group'] === group),
    stop,
  };
};

const joined = ({ service }: Harness) =>
  service.logs.filter(({ msg }) => msg === 'a consumer joined its group').at(-1)?.['assignment'] as
    Record<string, number[]> | undefined;
const partitionsOf = (harness: Harness): number[] => joined(harness)?.[TOPIC] ?? [];

test('the offset of a message is committed once it is worked, and not before', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const gate = createGate();
  let inHand: ReceivedEvent | undefined;
  harness.consume({
    group,
    topics: [TOPIC],
    commits: 'when handled',
    handle: async (events) => {
      const own = events.find(({ event }) => event.orderId === orderId);
      if (!own) return;
      inHand = own;
      await gate.opened;
    },
  });
  await publish(harness, orderId);
  const position = await eventually(() => {
    if (!inHand) throw new Error('not there yet');
    return inHand;
  }, WAIT);
  const before = await committedAt(harness.broker, group, position);
  expect(before).toBeLessThanOrEqual(Number(position.offset));
  gate.open();
  await eventually(async () => {
    const after = await committedAt(harness.broker, group, position);
    expect(after).toBeGreaterThan(Number(position.offset));
  }, WAIT);
  await harness.service.close();
});

test('a message that cannot be understood goes to the dead letters, and the ones behind it pass', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const worked: string[] = [];
  await publish(harness, orderId);
  await harness.publisher.send(TOPIC, [{ key: orderId, value: 'nonsense', headers: { 'dlq.tries': '2' } }]);
  await publish(harness, orderId);
  harness.consume({
    group,
    topics: [TOPIC],
    commits: 'when handled',
    handle: async (events) => void worked.push(...idsOf(events)),
  });
  await eventually(() => expect(worked.filter((id) => id === orderId)).toHaveLength(2), WAIT);
  const deadLetters = await readDeadLetters(harness.broker, group, orderId);
  await eventually(() => {
    expect(deadLetters.own()).toEqual([
      {
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
    ]);
  }, WAIT);
  await deadLetters.stop();
  await harness.service.close();
});

test('a handler that throws a TypeError on one message does not stop the consumer', async () => {
  const harness = await startHarness();
  const [group, bad, good] = [fresh('group'), fresh('bad'), fresh('good')];
  const worked = new Set<string>();
  harness.consume({
    group,
    topics: [TOPIC],
    commits: 'when handled',
    handle: async (events) => {
      if (idsOf(events).includes(bad)) throw new TypeError('undefined is not an order');
      for (const id of idsOf(events)) worked.add(id);
    },
  });
  const keyed = { key: bad, value: JSON.stringify(placed(good)) };
  await publish(harness, bad);
  await harness.publisher.send(TOPIC, [keyed]);
  await eventually(() => expect(worked).toContain(good), WAIT);
  const deadLetters = await readDeadLetters(harness.broker, group, bad);
  await eventually(() => {
    expect(deadLetters.own()).toMatchObject([
      {
        key: bad,
        headers: {
          'dlq.reason': 'TypeError: undefined is not an order',
          'dlq.tries': String(MAX_TRIES),
          ce_id: `${bad}:PENDING`,
        },
      },
    ]);
  }, WAIT);
  await deadLetters.stop();
  await harness.service.close();
});

test('a message that a part which is down keeps from being worked is worked when the part is back', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  let tries = 0;
  let done = false;
  harness.consume({
    group,
    topics: [TOPIC],
    commits: 'when handled',
    handle: async (events) => {
      if (!idsOf(events).includes(orderId)) return;
      tries += 1;
      if (tries <= MAX_TRIES + 1) throw unavailable('orders is down');
      done = true;
    },
  });
  await publish(harness, orderId);
  await eventually(() => expect(done).toBe(true), WAIT);
  const deadLetters = harness.service.logs.filter(
    ({ msg, reason }) =>
      msg === 'put a message into the dead letters' && String(reason).includes('orders is down'),
  );
  expect(deadLetters).toEqual([]);
  await harness.service.close();
});

test('two members of a group share its partitions, and who stays takes over from who leaves', async () => {
  const broker = createTestBroker();
  const group = fresh('group');
  const worked: string[][] = [[], []];
  const members = await Promise.all(
    worked.map(async (mine) => {
      const member = await startHarness({ broker });
      const consumer = member.consume({
        group,
        topics: [TOPIC],
        commits: 'when handled',
        handle: async (events) => void mine.push(...idsOf(events)),
      });
      return { member, consumer };
    }),
  );
  const [first, second] = members;
  if (!first || !second) throw new Error('two members were asked for');
  await eventually(() => {
    const shares = members.map(({ member }) => partitionsOf(member));
    expect(shares.map((share) => share.length)).toEqual([3, 3]);
    expect(shares.flat().toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  }, WAIT);

  const orderIds = Array.from({ length: 60 }, () => fresh('order'));
  await publish(first.member, ...orderIds);
  const own = () => worked.map((ids) => ids.filter((id) => orderIds.includes(id)));
  await eventually(() => expect(own().flat().toSorted()).toEqual(orderIds.toSorted()), WAIT);
  expect(own().every((ids) => ids.length > 0)).toBe(true);

  await first.consumer.stop();
  const later = Array.from({ length: 60 }, () => fresh('order'));
  await publish(first.member, ...later);
  await eventually(() => expect(worked[1]).toEqual(expect.arrayContaining(later)), WAIT);
  await Promise.all(members.map(({ member }) => member.service.close()));
});

test('a batch that waits for a part that is down is handed on when another member joins', async () => {
  const broker = createTestBroker();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const first = await startHarness({ broker });
  const second = await startHarness({ broker });
  let tries = 0;
  let isDown = true;
  const done: string[] = [];
  const handle = async (events: readonly ReceivedEvent[]): Promise<void> => {
    if (!idsOf(events).includes(orderId)) return;
    tries += 1;
    if (isDown) throw unavailable('orders is down');
    done.push(orderId);
  };
  await publish(first, orderId);
  first.consume({ group, topics: [TOPIC], commits: 'when handled', handle });
  await eventually(() => expect(tries).toBeGreaterThan(1), WAIT);
  second.consume({ group, topics: [TOPIC], commits: 'when handled', handle });
  await eventually(() => {
    expect(partitionsOf(first)).toHaveLength(3);
    expect(partitionsOf(second)).toHaveLength(3);
  }, WAIT);
  isDown = false;
  await eventually(() => expect(done).toEqual([orderId]), WAIT);
  await Promise.all([first.service.close(), second.service.close()]);
});

test('stopping waits for the batch in hand and commits it, so nobody works it again', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const gate = createGate();
  let inHand: ReceivedEvent | undefined;
  const consumer = harness.consume({
    group,
    topics: [TOPIC],
    commits: 'when handled',
    handle: async (events) => {
      const own = events.find(({ event }) => event.orderId === orderId);
      if (!own) return;
      inHand = own;
      await gate.opened;
    },
  });
  await publish(harness, orderId);
  const position = await eventually(() => {
    if (!inHand) throw new Error('not there yet');
    return inHand;
  }, WAIT);
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

/** A consumer that takes its messages in and works them when it is told. */
const startTakingIn = (harness: Harness, group: string, orderIds: readonly string[]) => {
  const taken: ReceivedEvent[] = [];
  let assigned = 0;
  const consumer = harness.consume({
    group,
    topics: [TOPIC],
    commits: 'by the handler',
    handle: async (events) => void taken.push(...events),
    onAssigned: () => {
      assigned += 1;
      taken.length = 0;
    },
  });
  const own = (): ReceivedEvent[] => taken.filter(({ event }) => orderIds.includes(event.orderId));
  return { consumer, taken, own, assigned: () => assigned };
};

test('what a handler merely took in is not committed until it is worked off, and comes again until then', async () => {
  const broker = createTestBroker();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const first = await startHarness({ broker });
  const before = startTakingIn(first, group, [orderId]);
  await publish(first, orderId);
  await eventually(() => expect(before.own()).toHaveLength(1), WAIT);
  await before.consumer.stop();

  const second = await startHarness({ broker });
  const again = startTakingIn(second, group, [orderId]);
  await eventually(() => expect(again.own()).toHaveLength(1), WAIT);
  const [message] = again.own();
  if (!message) throw new Error('it came again');
  const worked: string[] = [];
  expect(
    await again.consumer.workOff(again.taken, async (events) => void worked.push(...idsOf(events))),
  ).toBe(true);
  expect(worked).toContain(orderId);
  expect(await committedAt(broker, group, message)).toBeGreaterThan(Number(message.offset));
  await Promise.all([first.service.close(), second.service.close()]);
});

test('what is worked off is committed no further than the first message that still waits', async () => {
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
  await consumer.workOff([...others, second], async () => undefined);
  expect(await committedAt(harness.broker, group, first)).toBeLessThanOrEqual(Number(first.offset));
  await consumer.workOff([first], async () => undefined);
  expect(await committedAt(harness.broker, group, first)).toBe(Number(second.offset) + 1);
  await harness.service.close();
});

test('a message that cannot be understood is committed by itself where nothing waits before it', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const { consumer, taken, own } = startTakingIn(harness, group, [orderId]);
  await publish(harness, orderId);
  await eventually(() => expect(own()).toHaveLength(1), WAIT);
  const [message] = own();
  if (!message) throw new Error('it came');
  await consumer.workOff(taken, async () => undefined);
  await harness.publisher.send(TOPIC, [{ key: orderId, value: 'nonsense' }]);
  await eventually(async () => {
    expect(await committedAt(harness.broker, group, message)).toBeGreaterThan(Number(message.offset) + 1);
  }, WAIT);
  await harness.service.close();
});

test('a message that keeps failing when it is worked off goes to the dead letters, and is done', async () => {
  const harness = await startHarness();
  const [group, bad] = [fresh('group'), fresh('bad')];
  const { consumer, taken, own } = startTakingIn(harness, group, [bad]);
  await publish(harness, bad);
  await eventually(() => expect(own()).toHaveLength(1), WAIT);
  const [message] = own();
  if (!message) throw new Error('it came');
  const done = await consumer.workOff(taken, async (events) => {
    if (idsOf(events).includes(bad)) throw new RangeError('no such order');
  });
  expect(done).toBe(true);
  expect(await committedAt(harness.broker, group, message)).toBeGreaterThan(Number(message.offset));
  const deadLetters = await readDeadLetters(harness.broker, group, bad);
  await eventually(() => {
    expect(deadLetters.own()).toMatchObject([
      { key: bad, headers: { 'dlq.reason': 'RangeError: no such order', 'dlq.tries': String(MAX_TRIES) } },
    ]);
  }, WAIT);
  await deadLetters.stop();
  await harness.service.close();
});

test('messages that are worked off while their partitions are assigned anew are left to come again', async () => {
  const broker = createTestBroker();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const first = await startHarness({ broker });
  const second = await startHarness({ broker });
  const mine = startTakingIn(first, group, [orderId]);
  await publish(first, orderId);
  await eventually(() => expect(mine.own()).toHaveLength(1), WAIT);
  const [message] = mine.own();
  if (!message) throw new Error('it came');
  const workingOff = mine.consumer.workOff([...mine.taken], async () => {
    throw unavailable('orders is down');
  });
  const theirs = startTakingIn(second, group, [orderId]);
  expect(await workingOff).toBe(false);
  await eventually(() => expect([...mine.own(), ...theirs.own()]).toHaveLength(1), WAIT);
  expect(await committedAt(broker, group, message)).toBeLessThanOrEqual(Number(message.offset));
  await Promise.all([first.service.close(), second.service.close()]);
});

test('a consumer that is paused takes nothing in, and goes on where it was when it is resumed', async () => {
  const harness = await startHarness();
  const [group, early, late] = [fresh('group'), fresh('order'), fresh('order')];
  const { consumer, own } = startTakingIn(harness, group, [early, late]);
  await publish(harness, early);
  await eventually(() => expect(own()).toHaveLength(1), WAIT);
  consumer.pause();
  await publish(harness, late);
  const reader = await readRaw(harness.broker, [TOPIC]);
  await eventually(() => expect(reader.seen.map(({ message }) => String(message.key))).toContain(late), WAIT);
  expect(idsOf(own())).toEqual([early]);
  consumer.resume();
  await eventually(() => expect(idsOf(own())).toEqual([early, late]), WAIT);
  await reader.stop();
  await harness.service.close();
});

test('a consumer that is paused stays so when its partitions are assigned anew', async () => {
  const broker = createTestBroker();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const first = await startHarness({ broker });
  const second = await startHarness({ broker });
  const mine = startTakingIn(first, group, [orderId]);
  await eventually(() => expect(mine.assigned()).toBe(1), WAIT);
  mine.consumer.pause();
  const theirs = startTakingIn(second, group, [orderId]);
  await eventually(() => expect(theirs.assigned()).toBeGreaterThan(0), WAIT);
  await theirs.consumer.stop();
  await eventually(() => expect(partitionsOf(first)).toHaveLength(6), WAIT);
  await publish(first, orderId);
  const reader = await readRaw(broker, [TOPIC]);
  await eventually(
    () => expect(reader.seen.map(({ message }) => String(message.key))).toContain(orderId),
    WAIT,
  );
  expect(mine.own()).toEqual([]);
  mine.consumer.resume();
  await eventually(() => expect(mine.own()).toHaveLength(1), WAIT);
  await reader.stop();
  await Promise.all([first.service.close(), second.service.close()]);
});

/** A broker whose consumers meet a TypeError of kafkajs's own kind with their first batch, as a bug would throw it. */
const createCrashingBroker = (broker: Broker): Broker => {
  let crashes = 1;
  return {
    ...broker,
    connect: (clientId) => {
      const kafka = broker.connect(clientId);
      return {
        admin: () => kafka.admin(),
        producer: (config) => kafka.producer(config),
        consumer: (config) => {
          const consumer = kafka.consumer(config);
          return {
            ...consumer,
            run: (running) =>
              consumer.run({
                ...running,
                eachBatch: async (payload) => {
                  crashes -= 1;
                  if (crashes >= 0) throw new TypeError('a bug');
                  await running?.eachBatch?.(payload);
                },
              }),
          };
        },
      };
    },
  };
};

test('a consumer that kafkajs has given up for good is started anew, and no message is left out', async () => {
  const broker = createCrashingBroker(createTestBroker());
  const harness = await startHarness({ broker });
  const [group, orderId] = [fresh('group'), fresh('order')];
  const worked: string[] = [];
  await publish(harness, orderId);
  harness.consume({
    group,
    topics: [TOPIC],
    commits: 'when handled',
    handle: async (events) => void worked.push(...idsOf(events)),
  });
  await eventually(() => expect(worked).toContain(orderId), WAIT);
  // A batch of another partition may have been worked before kafkajs gave up.
  await eventually(() => {
    const told = harness.service.logs.map(({ msg }) => msg);
    expect(told).toEqual(expect.arrayContaining(['a consumer crashed', 'a consumer is started anew']));
    expect(told.filter((msg) => msg === 'a consumer joined its group')).toHaveLength(2);
  }, WAIT);
  await harness.service.close();
});

test('while it has nothing to do, and while it is paused, a consumer goes on telling that it fetches', async () => {
  const broker = createTestBroker();
  const harness = await startHarness({ broker });
  await publish(harness, fresh('order'));
  const consumer = broker
    .connect(fresh('client'))
    .consumer({ groupId: fresh('group'), maxWaitTimeInMs: 100 });
  let fetches = 0;
  consumer.on(consumer.events.FETCH, () => {
    fetches += 1;
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [TOPIC] });
  await consumer.run({ eachBatch: async () => undefined });
  await eventually(() => expect(fetches).toBeGreaterThan(5), WAIT);
  consumer.pause([{ topic: TOPIC }]);
  const before = fetches;
  await eventually(() => expect(fetches).toBeGreaterThan(before + 5), WAIT);
  await consumer.disconnect();
  await harness.service.close();
});
