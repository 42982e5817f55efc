import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { recordEvents, nextEvent, recordingConsumer } from './event-record.ts';
import { eventually } from './waiting.ts';
import type { World } from './world.ts';

/** One message was read and committed, and every event was recorded. */
const recordOneMessage = async (world: World) => {
  const topic = await world.filledTopic('a', 'b');
  const consumer = world.consumer();
  const recorded = recordEvents(consumer);
  await world.listen(topic, { consumer, onMessage: () => undefined });
  await eventually(() => expect(recorded.keys()).toContain('COMMIT_OFFSETS'));
  return { topic, consumer, recorded };
};

const aNumber = expect.any(Number);
const aText = expect.any(String);

const payloads: Area = (behaviour) => {
  behaviour('the names of the events', async (world) => {
    expect(world.consumer().events).toEqual({
      HEARTBEAT: 'consumer.heartbeat',
      COMMIT_OFFSETS: 'consumer.commit_offsets',
      GROUP_JOIN: 'consumer.group_join',
      FETCH: 'consumer.fetch',
      FETCH_START: 'consumer.fetch_start',
      START_BATCH_PROCESS: 'consumer.start_batch_process',
      END_BATCH_PROCESS: 'consumer.end_batch_process',
      CONNECT: 'consumer.connect',
      DISCONNECT: 'consumer.disconnect',
      STOP: 'consumer.stop',
      CRASH: 'consumer.crash',
      REBALANCING: 'consumer.rebalancing',
      RECEIVED_UNSUBSCRIBED_TOPICS: 'consumer.received_unsubscribed_topics',
      REQUEST: 'consumer.network.request',
      REQUEST_TIMEOUT: 'consumer.network.request_timeout',
      REQUEST_QUEUE_SIZE: 'consumer.network.request_queue_size',
    });
  });

  behaviour('every event has an id, its type, a timestamp and a payload', async (world) => {
    const before = Date.now();
    const { consumer, recorded } = await recordOneMessage(world);
    for (const [index, key] of recorded.keys().entries()) {
      const event = recorded.events[index];
      expect(Object.keys(Object(event))).toEqual(['id', 'type', 'timestamp', 'payload']);
      expect(event?.type).toBe(Object(consumer.events)[key]);
      expect(event?.timestamp).toBeGreaterThanOrEqual(before);
      expect(event?.timestamp).toBeLessThanOrEqual(Date.now());
    }
  });

  behaviour('ids are numbers that only grow', async (world) => {
    const { recorded } = await recordOneMessage(world);
    const ids = recorded.events.map(({ id }) => Number(id));
    expect(recorded.events.every(({ id }) => typeof id === 'number')).toBe(true);
    for (const [index, id] of ids.slice(1).entries()) expect(id).toBeGreaterThan(ids[index] ?? Infinity);
  });

  behaviour('FETCH_START and FETCH name the broker, as text', async (world) => {
    const { recorded } = await recordOneMessage(world);
    const [broker] = (await world.admin.describeCluster()).brokers;
    const nodeId = String(broker?.nodeId);
    expect(recorded.payloads('FETCH_START')[0]).toEqual({ nodeId });
    expect(recorded.payloads('FETCH')[0]).toEqual({ nodeId, numberOfBatches: 0, duration: aNumber });
  });

  behaviour('START_BATCH_PROCESS and END_BATCH_PROCESS describe the batch', async (world) => {
    const { topic, recorded } = await recordOneMessage(world);
    const batch = {
      topic,
      partition: 0,
      highWatermark: '2',
      offsetLag: '0',
      offsetLagLow: '1',
      batchSize: 2,
      firstOffset: '0',
      lastOffset: '1',
    };
    expect(recorded.payloads('START_BATCH_PROCESS')).toEqual([batch]);
    expect(recorded.payloads('END_BATCH_PROCESS')).toEqual([{ ...batch, duration: aNumber }]);
  });

  behaviour('COMMIT_OFFSETS says who committed what', async (world) => {
    const { topic, consumer, recorded } = await recordOneMessage(world);
    const [member] = (await consumer.describeGroup()).members;
    expect(recorded.payloads('COMMIT_OFFSETS')).toEqual([
      {
        groupId: world.groupId,
        memberId: member?.memberId,
        groupGenerationId: 1,
        topics: [{ topic, partitions: [{ partition: '0', offset: '2' }] }],
      },
    ]);
  });

  behaviour('COMMIT_OFFSETS of commitOffsets() has the metadata as well', async (world) => {
    const { topic, consumer, recorded } = await recordOneMessage(world);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '1', metadata: 'm' }]);
    const event = recorded.payloads('COMMIT_OFFSETS')[1];
    expect(event).toMatchObject({ topics: [{ topic, partitions: [{ partition: 0, metadata: 'm' }] }] });
  });

  behaviour('GROUP_JOIN has the assignment', async (world) => {
    const { topic, consumer, recorded } = await recordOneMessage(world);
    const [member] = (await consumer.describeGroup()).members;
    expect(recorded.payloads('GROUP_JOIN')).toEqual([
      {
        groupId: world.groupId,
        memberId: member?.memberId,
        leaderId: member?.memberId,
        isLeader: true,
        memberAssignment: { [topic]: [0] },
        groupProtocol: 'RoundRobinAssigner',
        duration: aNumber,
      },
    ]);
  });

  behaviour('HEARTBEAT says whose heart beats', async (world) => {
    const topic = await world.createTopic();
    const consumer = world.consumer({ heartbeatInterval: 20 });
    const beat = nextEvent(consumer, 'HEARTBEAT');
    await world.listen(topic, { consumer });
    expect((await beat).payload).toEqual({ groupId: world.groupId, memberId: aText, groupGenerationId: 1 });
  });

  behaviour('REBALANCING names the member that has to join again, before it does', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const { consumer, recorded } = recordingConsumer(world, ['GROUP_JOIN', 'REBALANCING'], {
      heartbeatInterval: 20,
    });
    await world.listen(topic, { consumer });
    const [member] = (await consumer.describeGroup()).members;
    await world.listen(topic);
    await eventually(() => expect(recorded.keys()).toEqual(['GROUP_JOIN', 'REBALANCING', 'GROUP_JOIN']));
    const payload = { groupId: world.groupId, memberId: member?.memberId };
    expect(recorded.payloads('REBALANCING')).toEqual([payload]);
    expect(recorded.payloads('GROUP_JOIN')[1]).toMatchObject(payload);
  });

  behaviour('CONNECT, STOP and DISCONNECT come without a payload', async (world) => {
    const { consumer, recorded } = await recordOneMessage(world);
    await consumer.disconnect();
    for (const key of ['CONNECT', 'STOP', 'DISCONNECT'] as const) {
      expect([key, recorded.payloads(key)]).toEqual([key, [undefined]]);
    }
  });
};

const order: Area = (behaviour) => {
  behaviour('the events from run() to disconnect() come in this order', async (world) => {
    const { consumer, recorded } = await recordOneMessage(world);
    await consumer.disconnect();
    const keys = recorded.keys();
    expect(keys.slice(0, 2)).toEqual(['CONNECT', 'GROUP_JOIN']);
    const start = keys.indexOf('START_BATCH_PROCESS');
    expect(keys.slice(start - 2, start + 3)).toEqual([
      'FETCH_START',
      'FETCH',
      'START_BATCH_PROCESS',
      'END_BATCH_PROCESS',
      'COMMIT_OFFSETS',
    ]);
    expect(keys.slice(-2)).toEqual(['STOP', 'DISCONNECT']);
    // Each fetch ends before the next begins.
    const fetches = keys.filter((key) => key.startsWith('FETCH'));
    expect(fetches.every((key, index) => key === (index % 2 === 0 ? 'FETCH_START' : 'FETCH'))).toBe(true);
  });

  behaviour('connect() and run() say CONNECT each', async (world) => {
    const topic = await world.createTopic();
    const { consumer, recorded } = recordingConsumer(world, ['CONNECT', 'GROUP_JOIN']);
    await consumer.connect();
    await world.listen(topic, { consumer });
    expect(recorded.keys()).toEqual(['CONNECT', 'CONNECT', 'GROUP_JOIN']);
  });

  behaviour('who never ran says DISCONNECT each time, and never STOP', async (world) => {
    const { consumer, recorded } = recordingConsumer(world, ['STOP', 'DISCONNECT']);
    await consumer.stop();
    await consumer.disconnect();
    await consumer.disconnect();
    expect(recorded.keys()).toEqual(['DISCONNECT', 'DISCONNECT']);
  });

  behaviour('stop() says STOP, and the disconnect() after it only DISCONNECT', async (world) => {
    const topic = await world.createTopic();
    const { consumer, recorded } = recordingConsumer(world, ['STOP', 'DISCONNECT']);
    await world.listen(topic, { consumer });
    await consumer.stop();
    await consumer.stop();
    await consumer.disconnect();
    expect(recorded.keys()).toEqual(['STOP', 'DISCONNECT']);
  });

  behaviour('a paused consumer continues to emit FETCH, and starts no batch', async (world) => {
    const topic = await world.createTopic();
    const { consumer, recorded } = recordingConsumer(world, ['FETCH_START', 'FETCH', 'START_BATCH_PROCESS']);
    await world.listen(topic, { consumer });
    consumer.pause([{ topic }]);
    await world.send(topic, 'a');
    const before = recorded.payloads('FETCH').length;
    await eventually(() => expect(recorded.payloads('FETCH').length).toBeGreaterThan(before + 3));
    expect(recorded.payloads('START_BATCH_PROCESS')).toEqual([]);
  });
};

export const consumerEvents: Area = (behaviour) => {
  payloads(behaviour);
  order(behaviour);
};
