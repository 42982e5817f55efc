import { expect } from '@jest/globals';
import type { Consumer } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { recordEvents, recordingConsumer } from './event-record.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

/** What `subscribe` says to something that the typings do not allow. */
const refusal = async (consumer: Consumer, subscription: object): Promise<Error> => {
  const full: { topics: string[] } = Object.assign({ topics: ['t'] }, subscription);
  return rejection(consumer.subscribe(full));
};

const refusals: Area = (behaviour) => {
  const texts: readonly (readonly [what: string, subscription: object, message: string])[] = [
    ['no topics at all', { topics: undefined }, 'Missing required argument "topics"'],
    ['topics null', { topics: null }, 'Missing required argument "topics"'],
    [
      'an empty name instead of topics',
      { topics: undefined, topic: '' },
      'Missing required argument "topics"',
    ],
    ['topics that are no array', { topics: 'orders' }, 'Argument "topics" must be an array'],
    ['a pattern that is not in an array', { topics: /orders/ }, 'Argument "topics" must be an array'],
    [
      'a number for a topic',
      { topics: [1] },
      'Invalid topic 1 (number), the topic name has to be a String or a RegExp',
    ],
    [
      'null for a topic',
      { topics: ['orders', null] },
      'Invalid topic null (object), the topic name has to be a String or a RegExp',
    ],
    [
      'an object for a topic',
      { topics: undefined, topic: { name: 'orders' } },
      'Invalid topic [object Object] (object), the topic name has to be a String or a RegExp',
    ],
  ];
  for (const [what, subscription, message] of texts) {
    behaviour(`${what}: refused with a sentence`, async (world) => {
      const error = await refusal(world.consumer(), subscription);
      expect(error).toBeInstanceOf(world.kafkajs.KafkaJSNonRetriableError);
      expect(error).toMatchObject({ name: 'KafkaJSNonRetriableError', message, retriable: false });
    });
  }

  behaviour('nothing at all is a TypeError', async (world) => {
    const consumer = world.consumer();
    expect((await rejection(Reflect.apply(consumer.subscribe, consumer, []))).name).toBe('TypeError');
  });

  behaviour('a name that cannot be a topic is refused by the broker', async (world) => {
    const error = await rejection(world.consumer().subscribe({ topics: ['not a topic'] }));
    expect(error).toBeInstanceOf(world.kafkajs.KafkaJSProtocolError);
    expect(error).toMatchObject({ type: 'INVALID_TOPIC_EXCEPTION', code: 17, retriable: false });
  });

  behaviour(
    'an unknown topic is refused where creating is not allowed, and is not created',
    async (world) => {
      const topic = world.unique('missing');
      const consumer = world.consumer({ allowAutoTopicCreation: false });
      const error = await rejection(consumer.subscribe({ topics: [topic] }));
      expect(error).toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION', code: 3, retriable: true });
      expect(await world.admin.listTopics()).not.toContain(topic);
    },
  );
};

const forms: Area = (behaviour) => {
  behaviour('names count at once: run() need not wait until subscribe() is through', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = world.consumer();
    await consumer.connect();
    const subscribed = consumer.subscribe({ topics: [topic], fromBeginning: true });
    const received: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    await subscribed;
    await eventually(() => expect(received).toEqual(['a']));
  });

  behaviour('subscribing creates a topic that does not exist, and reads what comes later', async (world) => {
    const topic = world.unique('created');
    const consumer = world.consumer();
    // Kafka answers UNKNOWN_TOPIC_OR_PARTITION while it creates the topic, and kafkajs does not ask again by itself.
    await eventually(() => consumer.subscribe({ topics: [topic] }));
    expect(await world.admin.listTopics()).toContain(topic);
    const { values } = await world.listen(topic, { consumer });
    await world.send(topic, 'a');
    await eventually(() => expect(values()).toEqual(['a']));
  });

  behaviour('one topic can be named alone', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = world.consumer();
    await consumer.subscribe({ topic, fromBeginning: true });
    const received: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    await eventually(() => expect(received).toEqual(['a']));
  });

  behaviour('where both a topic and topics are given, the topics count', async (world) => {
    const [alone, listed] = [await world.createTopic(), await world.createTopic()];
    const { consumer, recorded: joins } = recordingConsumer(world, ['GROUP_JOIN']);
    const both: { topics: string[] } = Object.assign({ topics: [listed] }, { topic: alone });
    await consumer.subscribe(both);
    await consumer.run({ eachMessage: async () => undefined });
    expect(joins.payloads('GROUP_JOIN')).toMatchObject([{ memberAssignment: { [listed]: [0] } }]);
    expect(joins.payloads('GROUP_JOIN')).not.toMatchObject([{ memberAssignment: { [alone]: [0] } }]);
  });

  behaviour('subscriptions add up, and the same topic twice is one', async (world) => {
    const [one, two] = [await world.createTopic(), await world.createTopic()];
    await world.send(one, '1');
    await world.send(two, '2');
    const consumer = world.consumer();
    await consumer.subscribe({ topic: one, fromBeginning: true });
    await consumer.subscribe({ topics: [one, one], fromBeginning: true });
    const { values } = await world.listen(two, { consumer });
    await eventually(() => expect(values().toSorted()).toEqual(['1', '2']));
    await world.send(one, '3');
    await eventually(() => expect(values().toSorted()).toEqual(['1', '2', '3']));
  });

  for (const [what, topics] of [
    ['an empty list of topics', []],
    ['no subscription', undefined],
  ] as const) {
    behaviour(`with ${what} a consumer joins its group and is assigned nothing`, async (world) => {
      const { consumer, recorded: joins } = recordingConsumer(world, ['GROUP_JOIN']);
      if (topics) await consumer.subscribe({ topics: [...topics] });
      await consumer.run({ eachMessage: async () => undefined });
      expect(joins.payloads('GROUP_JOIN')).toMatchObject([{ memberAssignment: {}, isLeader: true }]);
      expect((await consumer.describeGroup()).members).toHaveLength(1);
    });
  }

  behaviour('a subscription that was refused leaves those before it as they were', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = await world.subscribed(topic, { allowAutoTopicCreation: false });
    await rejection(consumer.subscribe({ topics: [world.unique('missing')] }));
    const received: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    await eventually(() => expect(received).toEqual(['a']));
  });
};

/** Two topics whose names begin with a label, and another one; each holds its own name. */
const createLabelled = async (world: World, name: string) => {
  const label = world.unique(name);
  const [a, b] = [await world.createTopic({ label }), await world.createTopic({ label })];
  const other = await world.createTopic();
  for (const topic of [a, b, other]) await world.send(topic, topic);
  return { label, a, b, other };
};

const patterns: Area = (behaviour) => {
  behaviour('a pattern is looked up once, when subscribing', async (world) => {
    const { label, a, b } = await createLabelled(world, 'orders');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: [new RegExp(`^${label}`)], fromBeginning: true });
    const late = await world.createTopic({ label });
    await world.send(late, 'too late');
    const joins = recordEvents(consumer, ['GROUP_JOIN']);
    const received: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    await eventually(() => expect(received.toSorted()).toEqual([a, b].toSorted()));
    const [join] = joins.payloads('GROUP_JOIN');
    expect(join).toHaveProperty('memberAssignment', { [a]: [0], [b]: [0] });
  });

  behaviour('names and patterns go together, and a topic found twice is read once', async (world) => {
    const { label, a, b, other: named } = await createLabelled(world, 'mixed');
    const consumer = world.consumer();
    await consumer.subscribe({
      topics: [named, new RegExp(label), a, new RegExp(`^${b}$`)],
      fromBeginning: true,
    });
    const received: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    await eventually(() => expect(received.toSorted()).toEqual([a, b, named].toSorted()));
  });

  behaviour('a pattern that matches nothing is no error, and no topic is created for it', async (world) => {
    const { consumer, recorded: joins } = recordingConsumer(world, ['GROUP_JOIN']);
    await consumer.subscribe({ topics: [new RegExp(`^${world.unique('nothing')}$`)] });
    await consumer.run({ eachMessage: async () => undefined });
    expect(joins.payloads('GROUP_JOIN')).toHaveLength(1);
    expect(joins.payloads('GROUP_JOIN')[0]).toHaveProperty('memberAssignment', {});
  });
};

export const subscribing: Area = (behaviour) => {
  refusals(behaviour);
  forms(behaviour);
  patterns(behaviour);
};
