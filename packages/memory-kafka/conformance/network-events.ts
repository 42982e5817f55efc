import { expect } from '@jest/globals';
import type { LogEntry, RequestEvent } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

type Payload = RequestEvent['payload'];

const versionsOf = (payloads: readonly Payload[]): Record<string, unknown> =>
  Object.fromEntries(payloads.map(({ apiName, apiKey, apiVersion }) => [apiName, [apiKey, apiVersion]]));

/** A producer, what its instance logs, and its events of requests. */
const talkative = (world: World) => {
  const entries: LogEntry[] = [];
  const kafka = world.another({
    clientId: 'talkative',
    logLevel: world.kafkajs.logLevel.DEBUG,
    logCreator: () => (entry) => void entries.push(entry),
  });
  const producer = world.keep(kafka.producer());
  const payloads: Payload[] = [];
  producer.on(producer.events.REQUEST, ({ payload }) => payloads.push(payload));
  const logged = (label: string) =>
    entries.filter((entry) => entry.namespace === 'Connection' && entry.label === label);
  return { producer, payloads, logged };
};

export const networkEvents: Area = (behaviour) => {
  behaviour('each answered request of a producer is an event', async (world) => {
    const topic = await world.createTopic();
    const { producer, payloads } = talkative(world);
    await producer.connect();
    await producer.send({ topic, messages: [{ value: 'x' }] });
    expect(versionsOf(payloads)).toEqual({
      ApiVersions: [18, 2],
      Metadata: [3, 6],
      Produce: [0, 7],
    });
    expect(payloads.at(-1)).toEqual({
      apiName: 'Produce',
      apiKey: 0,
      apiVersion: 7,
      broker: expect.stringMatching(/^[\w.-]+:\d+$/),
      clientId: 'talkative',
      correlationId: expect.any(Number),
      createdAt: expect.any(Number),
      sentAt: expect.any(Number),
      duration: expect.any(Number),
      pendingDuration: expect.any(Number),
      size: expect.any(Number),
    });
  });

  behaviour('the requests of a consumer are those of its group, and fetches', async (world) => {
    const topic = await world.filledTopic('x');
    const consumer = world.consumer();
    const payloads: Payload[] = [];
    consumer.on(consumer.events.REQUEST, ({ payload }) => payloads.push(payload));
    const { values } = await world.listen(topic, { consumer, onMessage: () => undefined });
    await eventually(() => expect(values()).toEqual(['x']));
    await consumer.disconnect();
    expect(versionsOf(payloads)).toMatchObject({
      GroupCoordinator: [10, 2],
      JoinGroup: [11, 5],
      SyncGroup: [14, 3],
      OffsetFetch: [9, 4],
      Fetch: [1, 11],
      OffsetCommit: [8, 5],
      LeaveGroup: [13, 3],
    });
  });

  behaviour('requests and answers are lines at the level DEBUG', async (world) => {
    const topic = await world.createTopic();
    const { producer, logged } = talkative(world);
    await producer.connect();
    await producer.send({ topic, messages: [{ value: 'x' }] });
    await producer.disconnect();
    const messages = logged('DEBUG').map(({ log }) => log.message);
    for (const line of [
      'Connecting',
      'Request ApiVersions(key: 18, version: 2)',
      'Request Produce(key: 0, version: 7)',
      'Response Produce(key: 0, version: 7)',
      'disconnecting...',
      'disconnected',
    ])
      expect(messages).toContain(line);
  });

  behaviour('a request that is refused is an error with the reason', async (world) => {
    const topic = await world.createTopic();
    const { producer, payloads, logged } = talkative(world);
    await producer.connect();
    const error = await rejection(producer.send({ topic, messages: [{ value: Buffer.alloc(1_100_000) }] }));
    expect(payloads.at(-1)).toMatchObject({ apiName: 'Produce' });
    expect(logged('ERROR').map(({ log }) => log)).toMatchObject([
      {
        message: 'Response Produce(key: 0, version: 7)',
        error: error.message,
        clientId: 'talkative',
        broker: expect.any(String),
        correlationId: expect.any(Number),
        size: expect.any(Number),
      },
    ]);
  });
};
