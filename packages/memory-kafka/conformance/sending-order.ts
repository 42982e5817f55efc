import { expect } from '@jest/globals';
import type { Producer } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { highsOf, readMessages } from './reading.ts';
import { rejection, thrown } from './waiting.ts';
import type { World } from './world.ts';

const X = [{ value: 'x' }];

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

const valuesOf = async (world: World, topic: string, count: number): Promise<string[]> =>
  (await readMessages(world, topic, count)).map(({ value }) => String(value));

/** How kafkajs writes what is sent in one go. */
const swappedAtEnd = (count: number): string[] => [
  ...numbers(count).slice(0, -2),
  ...numbers(count).slice(-2).toReversed(),
];

const sendAll = (producer: Producer, topic: string, values: readonly string[]) =>
  Promise.all(values.map((value) => producer.send({ topic, messages: [{ value }] })));

const contextsOf = async (world: World, topic: string, count: number): Promise<unknown[]> =>
  (await readMessages(world, topic, count)).map((message) => Reflect.get(message, 'batchContext'));

const order: Area = (behaviour) => {
  behaviour('sends that wait for one another keep their order', async (world) => {
    const topic = await world.createTopic();
    for (const value of numbers(10)) await world.send(topic, value);
    expect(await valuesOf(world, topic, 10)).toEqual(numbers(10));
  });

  behaviour('of sends that do not wait, the last overtakes the one before', async (world) => {
    // A lock inside kafkajs lets the one go first that nobody waits behind. To rely on an order, wait or send together.
    for (const count of [2, 3, 20]) {
      const topic = await world.filledTopic('first');
      await sendAll(world.producer, topic, numbers(count));
      expect(await valuesOf(world, topic, count + 1)).toEqual(['first', ...swappedAtEnd(count)]);
    }
  });

  behaviour('with one request in flight at a time as well', async (world) => {
    const topic = await world.createTopic();
    const producer = await world.connectProducer({ maxInFlightRequests: 1, transactionTimeout: 1000 });
    await producer.send({ topic, messages: [] });
    const written = await sendAll(producer, topic, numbers(20));
    expect(written.map(([first]) => first?.baseOffset)).toEqual(swappedAtEnd(20));
    expect(await valuesOf(world, topic, 20)).toEqual(swappedAtEnd(20));
  });

  behaviour('what was acknowledged to one producer comes before what another sends then', async (world) => {
    const topic = await world.createTopic();
    const producers = [await world.connectProducer(), await world.connectProducer({ idempotent: true })];
    for (const value of numbers(10))
      await producers[Number(value) % 2]?.send({ topic, messages: [{ value }] });
    expect(await valuesOf(world, topic, 10)).toEqual(numbers(10));
  });

  behaviour('sends to several topics at once end where they belong', async (world) => {
    const topics = [world.unique('new'), world.unique('new'), await world.createTopic()];
    const producer = await world.connectProducer();
    await Promise.all(
      topics.map((topic) => producer.send({ topic, messages: [{ value: topic }, { value: 'end' }] })),
    );
    for (const topic of topics) expect(await valuesOf(world, topic, 2)).toEqual([topic, 'end']);
  });
};

const idempotence: Area = (behaviour) => {
  behaviour('an idempotent producer insists on all acks', async (world) => {
    const topic = await world.createTopic();
    const producer = await world.connectProducer({ idempotent: true });
    expect([producer.isIdempotent(), world.producer.isIdempotent()]).toEqual([true, false]);
    for (const acks of [0, 1]) {
      expect(await rejection(producer.send({ topic, acks, messages: X }))).toMatchObject({
        name: 'KafkaJSNonRetriableError',
        message: "Not requiring ack for all messages invalidates the idempotent producer's EoS guarantees",
      });
    }
    expect(await producer.send({ topic, acks: -1, messages: X })).toMatchObject([{ baseOffset: '0' }]);
  });

  behaviour('and on retries, wherever they were ruled out', async (world) => {
    const none = { retry: { retries: 0 } };
    const refused = {
      name: 'KafkaJSNonRetriableError',
      message: 'Idempotent producer must allow retries to protect against transient errors',
    };
    expect(thrown(() => world.kafka.producer({ idempotent: true, ...none }))).toMatchObject(refused);
    expect(thrown(() => world.another(none).producer({ idempotent: true }))).toMatchObject(refused);
    const producer = world.another(none).producer({ idempotent: true, retry: { retries: 1 } });
    expect(producer.isIdempotent()).toBe(true);
  });

  behaviour(
    'it writes what it sends at the same time once each, in the order of the others',
    async (world) => {
      const topic = await world.createTopic();
      const producer = await world.connectProducer({ idempotent: true });
      await producer.send({ topic, messages: [] });
      await sendAll(producer, topic, numbers(20));
      expect(await valuesOf(world, topic, 20)).toEqual(swappedAtEnd(20));
    },
  );

  behaviour('its batches bear its id and their numbers, also after it connected again', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const producer = await world.connectProducer({ idempotent: true });
    const send = (count: number, partition = 0) =>
      producer.send({ topic, messages: Array.from({ length: count }, () => ({ value: 'x', partition })) });
    await send(2);
    await send(1, 1);
    await producer.disconnect();
    await producer.connect();
    await send(1);
    const contexts = (await contextsOf(world, topic, 4)).map((context) => Object(context));
    const ids = new Set(contexts.map(({ producerId }) => producerId));
    expect([...ids]).toEqual([expect.stringMatching(/^\d+$/)]);
    const sequences = contexts.map(
      ({ firstSequence, lastOffsetDelta }) => `${firstSequence}+${lastOffsetDelta}`,
    );
    expect(sequences.toSorted()).toEqual(['0+0', '0+1', '0+1', '2+0']);
    expect(contexts.every(({ producerEpoch }) => producerEpoch === 0)).toBe(true);
  });

  behaviour('two idempotent producers have ids of their own', async (world) => {
    const topic = await world.createTopic();
    for (let i = 0; i < 2; i += 1) {
      const producer = await world.connectProducer({ idempotent: true });
      await producer.send({ topic, messages: X });
    }
    const ids = (await contextsOf(world, topic, 2)).map((context) => Object(context).producerId);
    expect(new Set(ids).size).toBe(2);
  });

  behaviour('after a refused send it continues where it was', async (world) => {
    const topic = await world.createTopic();
    const producer = await world.connectProducer({ idempotent: true });
    await producer.send({ topic, messages: X });
    expect(
      await rejection(producer.send({ topic, messages: [{ value: Buffer.alloc(1_100_000) }] })),
    ).toMatchObject({
      type: 'MESSAGE_TOO_LARGE',
    });
    expect(await producer.send({ topic, messages: X })).toMatchObject([{ baseOffset: '1' }]);
  });

  behaviour(
    'after a partly refused one, Kafka takes the next message for a repeat, and drops it',
    async (world) => {
      // kafkajs takes back the numbers of all partitions, also of those that were written.
      const topic = await world.createTopic({ partitions: 2 });
      const producer = await world.connectProducer({ idempotent: true });
      const messages = [
        { value: 'written', partition: 0 },
        { value: Buffer.alloc(1_100_000), partition: 1 },
      ];
      expect(await rejection(producer.send({ topic, messages }))).toMatchObject({
        type: 'MESSAGE_TOO_LARGE',
      });
      const next = await producer.send({ topic, messages: [{ value: 'dropped', partition: 0 }] });
      expect(next).toMatchObject([{ partition: 0, baseOffset: '0', errorCode: 0 }]);
      expect(await highsOf(world, topic)).toEqual([1, 0]);
      expect(await valuesOf(world, topic, 1)).toEqual(['written']);
    },
  );
};

export const sendingOrder: Area = (behaviour) => {
  order(behaviour);
  idempotence(behaviour);
};
