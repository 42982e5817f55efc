import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { recordEvents, recordingConsumer } from './event-record.ts';
import { joinGroup } from './members.ts';
import { eventually } from './waiting.ts';

export const lifecycle: Area = (behaviour) => {
  behaviour('subscribe(), run() and describeGroup() work without connect()', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = world.consumer();
    expect(await consumer.describeGroup()).toMatchObject({ state: 'Dead' });
    const { values } = await world.listen(topic, { consumer });
    await eventually(() => expect(values()).toEqual(['a']));
  });

  behaviour('admin works without connect()', async (world) => {
    const topic = await world.createTopic();
    const admin = world.another().admin();
    expect(await admin.listTopics()).toContain(topic);
    await admin.disconnect();
  });

  behaviour(
    'connect, run, stop, disconnect: each is notified once, run() connects as well',
    async (world) => {
      const topic = await world.createTopic();
      const { consumer, recorded } = recordingConsumer(world, [
        'CONNECT',
        'GROUP_JOIN',
        'STOP',
        'DISCONNECT',
        'CRASH',
      ]);
      await consumer.connect();
      await world.listen(topic, { consumer });
      await consumer.stop();
      await consumer.disconnect();
      expect(recorded.keys()).toEqual(['CONNECT', 'CONNECT', 'GROUP_JOIN', 'STOP', 'DISCONNECT']);
    },
  );

  behaviour('disconnect() stops first, and leaves the group', async (world) => {
    const topic = await world.createTopic();
    const { consumer, recorded } = recordingConsumer(world, ['STOP', 'DISCONNECT']);
    await world.listen(topic, { consumer });
    await consumer.disconnect();
    expect(recorded.keys()).toEqual(['STOP', 'DISCONNECT']);
    const { groups } = await world.admin.describeGroups([world.groupId]);
    expect(groups).toMatchObject([{ state: 'Empty', members: [] }]);
  });

  behaviour(
    'stop() and disconnect() before anything else do nothing, and twice does no harm',
    async (world) => {
      const { consumer, recorded } = recordingConsumer(world, ['STOP', 'DISCONNECT']);
      await consumer.stop();
      await consumer.disconnect();
      await consumer.disconnect();
      await consumer.stop();
      expect(recorded.keys()).toEqual(['DISCONNECT', 'DISCONNECT']);
    },
  );

  behaviour('stop() called again while it stops is the same stop', async (world) => {
    const topic = await world.createTopic();
    const { consumer, recorded } = recordingConsumer(world, ['STOP']);
    await world.listen(topic, { consumer });
    await Promise.all([consumer.stop(), consumer.stop(), consumer.stop()]);
    expect(recorded.keys()).toEqual(['STOP']);
  });

  behaviour('disconnect() called while it stops closes after the stop', async (world) => {
    const topic = await world.createTopic();
    const { consumer, recorded } = recordingConsumer(world, ['STOP', 'DISCONNECT']);
    await world.listen(topic, { consumer });
    await Promise.all([consumer.stop(), consumer.disconnect()]);
    expect(recorded.keys()).toEqual(['STOP', 'DISCONNECT']);
  });

  behaviour('connect() twice is notified twice', async (world) => {
    const { consumer, recorded } = recordingConsumer(world, ['CONNECT', 'DISCONNECT']);
    await consumer.connect();
    await consumer.connect();
    await consumer.disconnect();
    await consumer.connect();
    expect(recorded.keys()).toEqual(['CONNECT', 'CONNECT', 'DISCONNECT', 'CONNECT']);
  });

  behaviour('clients of several Kafka instances are one group', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const [a, b] = [await joinGroup(world, topic), await joinGroup(world, topic)];
    await world.send(topic, { value: '0', partition: 0 }, { value: '1', partition: 1 });
    await eventually(() => expect([...a.values(), ...b.values()].toSorted()).toEqual(['0', '1']));
    const { groups } = await world.admin.describeGroups([world.groupId]);
    expect(groups[0]?.members).toHaveLength(2);
  });

  behaviour('consumers of one Kafka instance in two groups go their own ways', async (world) => {
    const topic = await world.createTopic();
    const kafka = world.another();
    const [x, y] = ['x', 'y'].map((label) =>
      kafka.consumer({ groupId: world.unique(label), maxWaitTimeInMs: 100 }),
    );
    const recorded = await Promise.all(
      [x, y].map((consumer) => world.listen(topic, consumer ? { consumer } : {})),
    );
    await world.send(topic, 'a');
    await eventually(() => expect(recorded.map(({ values }) => values())).toEqual([['a'], ['a']]));
    await x?.disconnect();
    await world.send(topic, 'b');
    await eventually(() => expect(recorded[1]?.values()).toEqual(['a', 'b']));
    await y?.disconnect();
    expect(recorded[0]?.values()).toEqual(['a']);
  });

  behaviour(
    'two consumers of one Kafka instance have ids of their own, and name the client',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const consumer = world
        .another({ clientId: 'orders' })
        .consumer({ groupId: world.groupId, maxWaitTimeInMs: 100 });
      const { joins } = await joinGroup(world, topic, { consumer });
      expect(joins[0]?.memberId).toMatch(/^orders-/);
      await consumer.disconnect();
    },
  );

  behaviour('a consumer has no more events after disconnect()', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer();
    await world.listen(topic, { consumer });
    await consumer.disconnect();
    const recorded = recordEvents(consumer);
    const marker = await world.listen(topic, { config: { groupId: world.unique('other') } });
    await world.send(topic, 'marker');
    await eventually(() => expect(marker.values()).toEqual(['marker']));
    expect(recorded.keys()).toEqual([]);
  });
};
