import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { highsOf, readMessages } from './reading.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection, thrown } from './waiting.ts';
import type { World } from './world.ts';

const X = [{ value: 'x' }];
const DISCONNECTED = { name: 'KafkaJSError', message: 'The producer is disconnected', retriable: true };

const valuesOf = async (world: World, topic: string, count: number): Promise<string[]> =>
  (await readMessages(world, topic, count)).map(({ value }) => String(value));

const lifecycle: Area = (behaviour) => {
  behaviour('a producer sends only while it is connected', async (world) => {
    const topic = await world.createTopic();
    const producer = world.kafka.producer();
    const send = () => producer.send({ topic, messages: X });
    expect(await rejection(send())).toMatchObject(DISCONNECTED);
    const connecting = producer.connect();
    expect(await rejection(send())).toMatchObject(DISCONNECTED);
    await connecting;
    expect(await send()).toMatchObject([{ baseOffset: '0' }]);
    const leaving = producer.disconnect();
    expect(await rejection(send())).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: "The producer is disconnecting; therefore, it can't safely accept messages anymore",
    });
    await leaving;
    expect(await rejection(send())).toMatchObject(DISCONNECTED);
    expect(await highsOf(world, topic)).toEqual([1]);
  });

  behaviour('what is wrong with a send is reported first, whether connected or not', async (world) => {
    const producer = world.kafka.producer();
    expect((await rejection(producer.send({ topic: '', messages: X }))).message).toBe('Invalid topic');
    expect(await rejection(producer.sendBatch({ topicMessages: [] }))).toMatchObject(DISCONNECTED);
  });

  behaviour('it can connect again, and again', async (world) => {
    const topic = await world.createTopic();
    const producer = world.kafka.producer();
    // Delivery is at-least-once: where an answer is lost, the client sends again.
    let next = 0;
    for (let round = 0; round < 3; round += 1) {
      await producer.connect();
      const [sent] = await producer.send({ topic, messages: X });
      expect(Number(sent?.baseOffset)).toBeGreaterThanOrEqual(next);
      next = Number(sent?.baseOffset) + 1;
      await producer.disconnect();
    }
    expect(await highsOf(world, topic)).toEqual([next]);
  });

  behaviour('each connect and disconnect is notified, also where there was nothing to do', async (world) => {
    const producer = world.kafka.producer();
    const recorded: string[] = [];
    for (const key of ['CONNECT', 'DISCONNECT'] as const) {
      producer.on(producer.events[key], ({ type }) => recorded.push(type));
    }
    await producer.disconnect();
    await Promise.all([producer.connect(), producer.connect()]);
    await producer.connect();
    await producer.disconnect();
    await producer.disconnect();
    const [connect, disconnect] = ['producer.connect', 'producer.disconnect'];
    expect(recorded).toEqual([disconnect, connect, connect, connect, disconnect, disconnect]);
  });

  behaviour('a send that is under way when the producer disconnects is still carried out', async (world) => {
    // kafkajs may write it twice: its connection is closed under it, and it tries again.
    const topic = await world.createTopic();
    const producer = await world.connectProducer();
    await producer.send({ topic, messages: X });
    const sent = producer.send({ topic, messages: [{ value: 'last' }] });
    await producer.disconnect();
    expect(await sent).toMatchObject([{ topicName: topic, errorCode: 0 }]);
    const [high = 0] = await highsOf(world, topic);
    expect((await valuesOf(world, topic, high)).at(-1)).toBe('last');
    await producer.disconnect();
  });

  behaviour('two producers of one instance do not know of each other', async (world) => {
    const topic = await world.createTopic();
    const [a, b] = [world.kafka.producer(), world.kafka.producer()];
    await a.connect();
    expect(await rejection(b.send({ topic, messages: X }))).toMatchObject(DISCONNECTED);
    await b.connect();
    await a.disconnect();
    expect(await b.send({ topic, messages: X })).toHaveLength(1);
    await b.disconnect();
  });
};

const events: Area = (behaviour) => {
  behaviour('the events of a producer have these names, and on() knows no others', async (world) => {
    const producer = world.kafka.producer();
    expect(producer.events).toEqual({
      CONNECT: 'producer.connect',
      DISCONNECT: 'producer.disconnect',
      REQUEST: 'producer.network.request',
      REQUEST_TIMEOUT: 'producer.network.request_timeout',
      REQUEST_QUEUE_SIZE: 'producer.network.request_queue_size',
    });
    expect(thrown(() => producer.on(unchecked('producer.nonsense'), () => undefined))).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message:
        'Event name should be one of producer.events.CONNECT, producer.events.DISCONNECT, producer.events.REQUEST, ' +
        'producer.events.REQUEST_TIMEOUT, producer.events.REQUEST_QUEUE_SIZE',
    });
  });

  behaviour('an event has an id that rises, its type, its time, and no payload', async (world) => {
    const producer = world.kafka.producer();
    const recorded: unknown[] = [];
    producer.on('producer.connect', (event) => recorded.push(event));
    const before = Date.now();
    await producer.connect();
    await producer.connect();
    await producer.disconnect();
    const [first, second] = recorded;
    expect(first).toMatchObject({ type: 'producer.connect', payload: undefined });
    expect(Number(Reflect.get(Object(second), 'id'))).toBeGreaterThan(
      Number(Reflect.get(Object(first), 'id')),
    );
    // The typings call it a text.
    expect(typeof Reflect.get(Object(first), 'id')).toBe('number');
    expect(Number(Reflect.get(Object(first), 'timestamp'))).toBeGreaterThanOrEqual(before);
  });

  behaviour('a listener is notified until it is removed, as often as it was added', async (world) => {
    const producer = world.kafka.producer();
    let calls = 0;
    const listener = () => void (calls += 1);
    const removes = [producer.on('producer.connect', listener), producer.on('producer.connect', listener)];
    const callsOfConnect = async () => {
      calls = 0;
      await producer.connect();
      return calls;
    };
    expect(await callsOfConnect()).toBe(2);
    removes[0]?.();
    removes[0]?.();
    expect(await callsOfConnect()).toBe(1);
    removes[1]?.();
    expect(await callsOfConnect()).toBe(0);
    await producer.disconnect();
  });

  behaviour('a listener that throws at once fails the call, but the producer is connected', async (world) => {
    const topic = await world.createTopic();
    const producer = world.kafka.producer();
    producer.on('producer.connect', () => {
      throw new Error('listener failed');
    });
    expect((await rejection(producer.connect())).message).toBe('listener failed');
    expect(await producer.send({ topic, messages: X })).toHaveLength(1);
    await producer.disconnect();
  });

  behaviour('a listener that rejects is logged, and disturbs nobody', async (world) => {
    const entries: unknown[] = [];
    const kafka = world.another({
      logLevel: world.kafkajs.logLevel.ERROR,
      logCreator: () => (entry) => void entries.push(entry),
    });
    const producer = kafka.producer();
    producer.on('producer.connect', async () => {
      throw new Error('listener failed');
    });
    await producer.connect();
    await eventually(() => expect(entries).toHaveLength(1));
    expect(entries).toMatchObject([
      {
        namespace: 'Producer',
        label: 'ERROR',
        log: {
          message: 'Failed to execute listener: listener failed',
          eventName: 'producer.connect',
          stack: expect.stringContaining('listener failed'),
        },
      },
    ]);
    await producer.disconnect();
  });
};

export const producers: Area = (behaviour) => {
  lifecycle(behaviour);
  events(behaviour);
};
