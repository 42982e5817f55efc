import { expect, test } from '@jest/globals';
import { ConfigResourceTypes } from '../src/index.ts';
import { eventually, inWorld, listen, rejection, type World } from './support.ts';

// The rows of the README's table of differences that are about topics, configurations, admins and transactions.

const createConfigured = async (
  { kafka }: World,
  topic: string,
  name: string,
  value: string,
): Promise<void> => {
  await kafka.admin().createTopics({ topics: [{ topic, configEntries: [{ name, value }] }] });
};

test(
  'what a broker is given is described, without effect',
  inWorld(async ({ kafka, createTopic }) => {
    const admin = kafka.admin();
    await createTopic('limited');
    const broker = { type: ConfigResourceTypes.BROKER, name: '1' };
    const configEntries = [{ name: 'log.retention.bytes', value: '1000' }];
    await admin.alterConfigs({ resources: [{ ...broker, configEntries }], validateOnly: false });
    const described = await admin.describeConfigs({
      resources: [
        { ...broker, configNames: ['log.retention.bytes'] },
        { type: ConfigResourceTypes.TOPIC, name: 'limited', configNames: ['retention.bytes'] },
      ],
      includeSynonyms: false,
    });
    expect(described.resources.map((each) => each.configEntries[0]?.configValue)).toEqual(['1000', '-1']);
  }),
);

test(
  'a broker has one logger',
  inWorld(async ({ kafka }) => {
    const resources = [{ type: ConfigResourceTypes.BROKER_LOGGER, name: '1' }];
    const described = await kafka.admin().describeConfigs({ resources, includeSynonyms: false });
    expect(described.resources[0]?.configEntries.map(({ configName }) => configName)).toEqual(['root']);
  }),
);

test(
  'a segment is compacted with the message that closes it',
  inWorld(async (world) => {
    const settings = { 'cleanup.policy': 'compact', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0' };
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await world.kafka.admin().createTopics({ topics: [{ topic: 'compacted', configEntries }] });
    for (const [value, timestamp] of [
      ['a', '1000'],
      ['b', '1001'],
      ['c', '1200'],
    ] as const) {
      await world.send('compacted', { key: 'k', value, timestamp });
    }
    const { values } = await listen(world, 'compacted');
    await eventually(() => expect(values().at(-1)).toBe('c'));
    expect(values()).toEqual(['b', 'c']);
  }),
);

test(
  'nothing expires without a retention, however old; with one it expires at once, batch by batch',
  inWorld(async (world) => {
    await createConfigured(world, 'limited', 'retention.ms', '60000');
    for (const topic of ['unlimited', 'limited'])
      await world.send(topic, { value: 'old', timestamp: '1' }, 'new');
    for (const topic of ['unlimited', 'limited']) await world.send(topic, { value: 'old', timestamp: '1' });
    const offsets = async (topic: string) => (await world.kafka.admin().fetchTopicOffsets(topic))[0];
    expect(await offsets('unlimited')).toMatchObject({ low: '0', high: '3' });
    // The first batch has a message that is not old, so it stays, and so does what came after it.
    expect(await offsets('limited')).toMatchObject({ low: '0', high: '3' });
    await createConfigured(world, 'expired', 'retention.ms', '60000');
    await world.send('expired', { value: 'old', timestamp: '1' });
    expect(await offsets('expired')).toMatchObject({ low: '1', high: '1' });
  }),
);

test(
  'there are no internal topics, and what an admin reads is in order',
  inWorld(async (world) => {
    const admin = world.kafka.admin();
    await world.createTopic('b', 3);
    await world.createTopic('a', 1);
    await admin.setOffsets({ groupId: 'g', topic: 'a', partitions: [{ partition: 0, offset: '0' }] });
    expect(await admin.listTopics()).toEqual(['b', 'a']);
    const { topics } = await admin.fetchTopicMetadata({ topics: ['b', 'a'] });
    expect(
      topics.map(({ name, partitions }) => [name, partitions.map(({ partitionId }) => partitionId)]),
    ).toEqual([
      ['b', [0, 1, 2]],
      ['a', [0]],
    ]);
    expect((await admin.fetchTopicOffsets('b')).map(({ partition }) => partition)).toEqual([0, 1, 2]);
  }),
);

test(
  'an offset that makes no sense leaves nobody behind in the group',
  inWorld(async (world) => {
    await world.createTopic('set');
    const admin = world.kafka.admin();
    const set = (offset: string) =>
      admin.setOffsets({ groupId: 'g', topic: 'set', partitions: [{ partition: 0, offset }] });
    expect(await rejection(set('x'))).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: 'Invalid offset, expected a long received x',
    });
    expect(await rejection(set('-3'))).toMatchObject({ message: 'Offset must not be a negative number' });
    await set('1');
    expect(await admin.fetchOffsets({ groupId: 'g' })).toMatchObject([{ partitions: [{ offset: '1' }] }]);
  }),
);

test(
  'the next transaction need not wait for the last one',
  inWorld(async (world) => {
    await world.createTopic('read');
    const producer = world.kafka.producer({ transactionalId: 'tx', idempotent: true });
    await producer.connect();
    for (let turn = 0; turn < 20; turn += 1) {
      const transaction = await producer.transaction();
      const partitions = [{ partition: 0, offset: String(turn) }];
      await transaction.sendOffsets({ consumerGroupId: 'g', topics: [{ topic: 'read', partitions }] });
      await transaction.commit();
    }
    expect(await world.kafka.admin().fetchOffsets({ groupId: 'g' })).toMatchObject([
      { partitions: [{ offset: '19' }] },
    ]);
    await producer.disconnect();
  }),
);

test(
  'a configuration without effect is described',
  inWorld(async (world) => {
    await createConfigured(world, 'flushed', 'flush.messages', '1');
    const name = 'flushed';
    const { resources } = await world.kafka.admin().describeConfigs({
      resources: [{ type: ConfigResourceTypes.TOPIC, name, configNames: ['flush.messages'] }],
      includeSynonyms: false,
    });
    expect(resources[0]?.configEntries).toMatchObject([{ configValue: '1', isDefault: false }]);
  }),
);

test(
  'a partition that moves has moved at once',
  inWorld(
    async ({ kafka, createTopic }) => {
      const admin = kafka.admin();
      await createTopic('moved', 1);
      const topics = [{ topic: 'moved', partitionAssignment: [{ partition: 0, replicas: [2] }] }];
      await admin.alterPartitionReassignments({ topics });
      expect(await admin.listPartitionReassignments({})).toEqual({ topics: [] });
      const { topics: described } = await admin.fetchTopicMetadata({ topics: ['moved'] });
      expect(described[0]?.partitions).toMatchObject([{ leader: 2, replicas: [2], isr: [2] }]);
    },
    () => ({ brokers: 2 }),
  ),
);
