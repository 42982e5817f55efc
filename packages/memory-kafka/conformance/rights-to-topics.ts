import { expect } from '@jest/globals';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import type { Area, DeclareBehaviour } from './behaviour.ts';
import { adminOf, createSecret, kafkaOf, setRules } from './secured.ts';
import { rejection } from './waiting.ts';
import type { World } from './world.ts';

const DENIED = {
  name: 'KafkaJSProtocolError',
  type: 'TOPIC_AUTHORIZATION_FAILED',
  code: 29,
  retriable: false,
  message: 'Not authorized to access topics: [Topic authorization failed]',
};

const { TOPIC } = kafkajs.ConfigResourceTypes;

/** Every call of an admin that is about one topic. */
const CALLS: Readonly<Record<string, (admin: Admin, topic: string) => Promise<unknown>>> = {
  fetchTopicMetadata: (admin, topic) => admin.fetchTopicMetadata({ topics: [topic] }),
  fetchTopicOffsets: (admin, topic) => admin.fetchTopicOffsets(topic),
  fetchTopicOffsetsByTimestamp: (admin, topic) => admin.fetchTopicOffsetsByTimestamp(topic, 0),
  deleteTopics: (admin, topic) => admin.deleteTopics({ topics: [topic] }),
  createPartitions: (admin, topic) => admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }),
  describeConfigs: (admin, name) =>
    admin.describeConfigs({ resources: [{ type: TOPIC, name }], includeSynonyms: false }),
  alterConfigs: (admin, name) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: TOPIC, name, configEntries: [{ name: 'retention.ms', value: '1000' }] }],
    }),
};

/** What one right allows of those. */
const ALLOWED = {
  DESCRIBE: ['fetchTopicMetadata', 'fetchTopicOffsets', 'fetchTopicOffsetsByTimestamp'],
  READ: ['fetchTopicMetadata', 'fetchTopicOffsets', 'fetchTopicOffsetsByTimestamp'],
  ALTER: ['fetchTopicMetadata', 'fetchTopicOffsets', 'fetchTopicOffsetsByTimestamp', 'createPartitions'],
  DESCRIBE_CONFIGS: ['describeConfigs'],
  ALTER_CONFIGS: ['describeConfigs', 'alterConfigs'],
  ALL: Object.keys(CALLS),
} as const;

const isAllowed = async (call: Promise<unknown>): Promise<boolean> => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error !== undefined) expect(error).toMatchObject(DENIED);
  return error === undefined;
};

/** The calls that a user may make, the one that deletes the topic last. */
const allowedCalls = async (admin: Admin, topic: string): Promise<string[]> => {
  const allowed: string[] = [];
  const others = Object.keys(CALLS).filter((name) => name !== 'deleteTopics');
  for (const name of [...others, 'deleteTopics']) {
    if (await isAllowed(CALLS[name]?.(admin, topic) ?? Promise.resolve())) allowed.push(name);
  }
  return allowed.toSorted();
};

const adminCalls = (behaviour: DeclareBehaviour): void => {
  behaviour('without a right, an admin is refused whatever is about a topic', async (world) => {
    const admin = await adminOf(world, 'admin');
    const alice = await adminOf(world, 'alice');
    expect(await allowedCalls(alice, await createSecret(admin, world))).toEqual([]);
    expect(await allowedCalls(alice, world.unique('nowhere'))).toEqual([]);
  });

  for (const [operation, calls] of Object.entries(ALLOWED)) {
    behaviour(`${operation} on a topic allows what it is for`, async (world) => {
      const admin = await adminOf(world, 'admin');
      const name = await createSecret(admin, world);
      await setRules(admin, world, { on: 'topic', name, operation: operation as keyof typeof ALLOWED });
      expect(await allowedCalls(await adminOf(world, 'alice'), name)).toEqual([...calls].toSorted());
    });
  }

  behaviour('topics that a client may not know of are left out of lists', async (world) => {
    const admin = await adminOf(world, 'admin');
    const [secret, seen] = [await createSecret(admin, world), await createSecret(admin, world, 'seen')];
    await setRules(admin, world, { on: 'topic', name: seen, operation: 'DESCRIBE' });
    const alice = await adminOf(world, 'alice');
    const listed = await alice.listTopics();
    expect([listed.includes(secret), listed.includes(seen)]).toEqual([false, true]);
    const { topics } = await alice.fetchTopicMetadata();
    expect(topics.filter(({ name }) => name === secret || name === seen)).toMatchObject([{ name: seen }]);
  });

  behaviour('who may describe a topic may not delete its messages', async (world) => {
    const admin = await adminOf(world, 'admin');
    const topic = await createSecret(admin, world);
    await setRules(admin, world, { on: 'topic', name: topic, operation: 'DESCRIBE' });
    const alice = await adminOf(world, 'alice');
    await alice.fetchTopicOffsets(topic);
    const error = await rejection(
      alice.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '0' }] }),
    );
    expect(error).toMatchObject({
      cause: { name: 'KafkaJSDeleteTopicRecordsError', partitions: [{ partition: 0, error: DENIED }] },
    });
  });
};

const creating = (behaviour: DeclareBehaviour): void => {
  behaviour('a topic is created by who may create one of that name', async (world) => {
    const admin = await adminOf(world, 'admin');
    const [mine, other] = [world.unique('mine'), world.unique('other')];
    await setRules(admin, world, { on: 'topic', name: mine, operation: 'CREATE' });
    const alice = await adminOf(world, 'alice');
    const topics = [{ topic: mine }, { topic: other }];
    const error = await rejection(alice.createTopics({ topics, waitForLeaders: false }));
    expect(error).toMatchObject({ name: 'KafkaJSAggregateError', message: 'Topic creation errors' });
    expect(error).toMatchObject({ errors: [{ ...DENIED, name: 'KafkaJSCreateTopicError', topic: other }] });
    const created = await admin.listTopics();
    expect([created.includes(mine), created.includes(other)]).toEqual([true, false]);
  });

  behaviour('a topic is created on demand by who may create it', async (world) => {
    const admin = await adminOf(world, 'admin');
    const [allowed, denied] = [world.unique('on-demand'), world.unique('on-demand')];
    await setRules(
      admin,
      world,
      { on: 'topic', name: allowed, operation: 'CREATE' },
      { on: 'topic', name: allowed, operation: 'WRITE' },
      { on: 'topic', name: denied, operation: 'WRITE' },
    );
    const producer = world.keep(kafkaOf(world, 'alice').producer());
    await producer.connect();
    const send = (topic: string) => producer.send({ topic, messages: [{ value: 'a' }] });
    expect(await send(allowed)).toMatchObject([{ topicName: allowed, errorCode: 0 }]);
    expect(await rejection(send(denied))).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      cause: DENIED,
    });
    expect(await admin.listTopics()).not.toContain(denied);
  });
};

const connectProducer = async (world: World) => {
  const producer = world.keep(kafkaOf(world, 'alice').producer());
  await producer.connect();
  return producer;
};

const sending = (behaviour: DeclareBehaviour): void => {
  behaviour('a topic that a producer may not know of is refused before anything is sent', async (world) => {
    const topic = await createSecret(await adminOf(world, 'admin'), world);
    const producer = await connectProducer(world);
    const error = await rejection(producer.send({ topic, messages: [{ value: 'a' }] }));
    expect(error).toMatchObject({ name: 'KafkaJSNonRetriableError', cause: DENIED });
  });

  behaviour(
    'what goes to a topic that it may write to is written, whatever else is refused',
    async (world) => {
      const admin = await adminOf(world, 'admin');
      const [written, seen] = [await createSecret(admin, world), await createSecret(admin, world)];
      await setRules(
        admin,
        world,
        { on: 'topic', name: written, operation: 'WRITE' },
        { on: 'topic', name: seen, operation: 'DESCRIBE' },
      );
      const producer = await connectProducer(world);
      const messages = [{ value: 'a' }];
      const topicMessages = [written, seen].map((topic) => ({ topic, messages }));
      expect(await rejection(producer.sendBatch({ topicMessages }))).toMatchObject(DENIED);
      expect(await rejection(producer.send({ topic: seen, messages }))).toMatchObject(DENIED);
      expect(await admin.fetchTopicOffsets(written)).toMatchObject([{ high: '1' }]);
      expect(await admin.fetchTopicOffsets(seen)).toMatchObject([{ high: '0' }]);
    },
  );
};

const patterns = (behaviour: DeclareBehaviour): void => {
  const maySee = async (world: World, topic: string): Promise<boolean> =>
    (await (await adminOf(world, 'alice')).listTopics()).includes(topic);

  behaviour('a prefix is about all topics that begin with it', async (world) => {
    const admin = await adminOf(world, 'admin');
    const topic = await createSecret(admin, world, 'prefixed');
    const name = topic.slice(0, -1);
    await setRules(admin, world, { on: 'topic', name, operation: 'DESCRIBE' });
    expect(await maySee(world, topic)).toBe(false);
    await setRules(admin, world, { on: 'topic', name, operation: 'DESCRIBE', pattern: 'PREFIXED' });
    expect(await maySee(world, topic)).toBe(true);
  });

  behaviour('what is denied is denied, whatever allows it', async (world) => {
    const admin = await adminOf(world, 'admin');
    const topic = await createSecret(admin, world);
    const rule = { on: 'topic', name: topic } as const;
    await setRules(admin, world, { ...rule, operation: 'ALL' });
    expect(await maySee(world, topic)).toBe(true);
    await setRules(admin, world, { ...rule, operation: 'DESCRIBE', permission: 'DENY' });
    expect(await maySee(world, topic)).toBe(false);
    const name = topic.slice(0, -1);
    await setRules(admin, world, {
      on: 'topic',
      name,
      operation: 'READ',
      permission: 'DENY',
      pattern: 'PREFIXED',
    });
    expect(await maySee(world, topic)).toBe(false);
  });

  behaviour('a denial is about that operation alone', async (world) => {
    const admin = await adminOf(world, 'admin');
    const topic = await createSecret(admin, world);
    await setRules(
      admin,
      world,
      { on: 'topic', name: topic, operation: 'DESCRIBE' },
      { on: 'topic', name: topic, operation: 'READ', permission: 'DENY' },
    );
    expect(await maySee(world, topic)).toBe(true);
  });
};

/** What ACLs allow and refuse about topics. */
export const rightsToTopics: Area = (behaviour) => {
  adminCalls(behaviour);
  creating(behaviour);
  sending(behaviour);
  patterns(behaviour);
};
