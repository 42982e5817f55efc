import { expect, test } from '@jest/globals';
import { committed, eventually, inWorld, listen, rejection, settle, withManualClock } from './support.ts';

test(
  'run() and admin work without connect()',
  inWorld(async (world) => {
    await world.send('unconnected', 'a');
    const { values } = await listen(world, 'unconnected');
    await eventually(() => expect(values()).toEqual(['a']));
    expect(await world.another().admin().listTopics()).toEqual(['unconnected']);
  }),
);

test(
  'subscriptions add up; while running they are refused; a second run() is ignored',
  inWorld(async (world) => {
    await world.send('one', '1');
    await world.send('two', '2');
    const consumer = world.consumer();
    await consumer.subscribe({ topic: 'one', fromBeginning: true });
    const { values } = await listen(world, 'two', { consumer });
    await eventually(() => expect(values().toSorted()).toEqual(['1', '2']));
    expect(await rejection(consumer.subscribe({ topics: ['three'] }))).toMatchObject({
      message: 'Cannot subscribe to topic while consumer is running',
      retriable: false,
    });
    await consumer.run({ eachMessage: async () => expect(true).toBe(false) });
  }),
);

test(
  'subscribe refuses what is no topic',
  inWorld(async (world) => {
    const consumer = world.consumer();
    const subscribe = async (subscription: object) => {
      const full: { topics: string[] } = Object.assign({ topics: ['t'] }, subscription);
      return (await rejection(consumer.subscribe(full))).message;
    };
    expect(await subscribe({ topics: undefined })).toBe('Missing required argument "topics"');
    expect(await subscribe({ topics: 't' })).toBe('Argument "topics" must be an array');
    expect(await subscribe({ topics: [1] })).toBe(
      'Invalid topic 1 (number), the topic name has to be a String or a RegExp',
    );
  }),
);

test(
  'subscribing creates a topic that does not exist, unless that is not allowed',
  inWorld(async (world) => {
    await world.consumer().subscribe({ topics: ['created'] });
    expect(world.cluster.inspect().topics.map(({ name }) => name)).toEqual(['created']);
    const strict = world.consumer({ allowAutoTopicCreation: false });
    expect(await rejection(strict.subscribe({ topics: ['missing'] }))).toMatchObject({
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
  }),
);

test.each(['stop', 'disconnect'] as const)(
  '%s waits for the handler in flight, starts no other message, and commits',
  async (end) =>
    inWorld(async (world) => {
      await world.send('inflight', 'a', 'b', 'c');
      let finish: () => void = () => undefined;
      const started: string[] = [];
      const { consumer } = await listen(world, 'inflight', {
        onMessage: ({ value }) => {
          started.push(value);
          return new Promise<void>((resolve) => (finish = resolve));
        },
      });
      await eventually(() => expect(started).toEqual(['a']));
      let ended = false;
      const ending = consumer[end]().then(() => void (ended = true));
      await settle();
      expect(ended).toBe(false);
      finish();
      await ending;
      expect(started).toEqual(['a']);
      expect(committed(world, 'inflight')).toBe(1);
      expect(world.cluster.inspect().groups[0]).toMatchObject({ state: 'Empty', members: [] });
    })(),
);

test(
  'after stop() the same consumer can subscribe to more and run again',
  inWorld(async (world) => {
    await world.send('first', '1');
    const { consumer, values } = await listen(world, 'first');
    await eventually(() => expect(committed(world, 'first')).toBe(1));
    await consumer.stop();
    await world.send('second', '2');
    const again = await listen(world, 'second', { consumer });
    await eventually(() => expect(again.values()).toEqual(['2']));
    await world.send('first', '3');
    await eventually(() => expect(again.values()).toEqual(['2', '3']));
    expect(values()).toEqual(['1']);
  }),
);

test(
  'a consumer that is told to stop while it joins does not stay',
  inWorld(async (world) => {
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['joining'] });
    const running = consumer.run({ eachMessage: async () => undefined });
    await consumer.disconnect();
    await running;
    await eventually(() => expect(world.cluster.inspect().groups[0]?.members ?? []).toEqual([]));
    await settle();
    expect(world.cluster.inspect().groups[0]?.members ?? []).toEqual([]);
  }),
);

test('nothing is left to wait for after the disconnects', async () => {
  const { clock, options } = withManualClock();
  await inWorld(
    async (world) => {
      const { consumer } = await listen(world, 'left');
      await world.send('left', 'a');
      await eventually(() => expect(committed(world, 'left')).toBe(1));
      await clock.settle();
      expect(clock.pending()).toBeGreaterThan(0);
      await consumer.disconnect();
      await world.producer.disconnect();
      expect(clock.pending()).toBe(0);
    },
    () => options,
  )();
});

test('an idle consumer stops at once, without waiting for maxWaitTimeInMs', async () => {
  const { clock, options } = withManualClock();
  await inWorld(
    async (world) => {
      const { consumer } = await listen(world, 'idle');
      await clock.settle();
      await consumer.disconnect();
      expect(world.cluster.inspect().groups[0]?.members).toEqual([]);
    },
    () => options,
  )();
});

test(
  'a failing listener does not disturb the consumer',
  inWorld(async (world) => {
    await world.send('listener', 'a');
    const consumer = world.consumer();
    consumer.on(consumer.events.START_BATCH_PROCESS, async () => {
      throw new Error('listener failed');
    });
    const { values } = await listen(world, 'listener', { consumer });
    await eventually(() => expect(values()).toEqual(['a']));
  }),
);

test(
  'events carry ids, types, timestamps, and the payloads of kafkajs',
  inWorld(async (world) => {
    await world.send('events', 'a');
    const consumer = world.consumer();
    const heard: { id: unknown; type: string; payload: unknown }[] = [];
    const { CONNECT, FETCH_START, FETCH, START_BATCH_PROCESS, END_BATCH_PROCESS } = consumer.events;
    for (const name of [CONNECT, FETCH_START, FETCH, START_BATCH_PROCESS, END_BATCH_PROCESS]) {
      consumer.on(name, (event) => heard.push(event));
    }
    await listen(world, 'events', { consumer });
    await eventually(() => expect(heard.map(({ type }) => type)).toContain(END_BATCH_PROCESS));
    const payloadOf = (type: string): unknown => heard.find((event) => event.type === type)?.payload;
    expect(heard.every(({ id }) => typeof id === 'number')).toBe(true);
    expect(payloadOf(FETCH_START)).toEqual({ nodeId: '1' });
    expect(payloadOf(FETCH)).toMatchObject({ numberOfBatches: 0, nodeId: '1' });
    expect(payloadOf(END_BATCH_PROCESS)).toMatchObject({
      topic: 'events',
      partition: 0,
      highWatermark: '1',
      offsetLag: '0',
      offsetLagLow: '0',
      batchSize: 1,
      firstOffset: '0',
      lastOffset: '0',
    });
  }),
);
