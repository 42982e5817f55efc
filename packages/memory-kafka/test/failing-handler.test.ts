import { expect, test } from '@jest/globals';
import { KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded } from '../src/index.ts';
import { committed, eventually, inWorld, listen, settle, withManualClock, type World } from './support.ts';

/** Fails `times` times at the message with this value. */
const failAt = (value: string, times: number, error: () => Error = () => new Error('handler failed')) => {
  let left = times;
  return (received: { value: string }): void => {
    if (received.value !== value || left === 0) return;
    left -= 1;
    throw error();
  };
};

const hear = (consumer: ReturnType<World['consumer']>): string[] => {
  const heard: string[] = [];
  const { STOP, DISCONNECT, CRASH, CONNECT, GROUP_JOIN } = consumer.events;
  consumer.on(STOP, () => heard.push('stop'));
  consumer.on(DISCONNECT, () => heard.push('disconnect'));
  consumer.on(CONNECT, () => heard.push('connect'));
  consumer.on(GROUP_JOIN, () => heard.push('join'));
  consumer.on(CRASH, ({ payload }) => heard.push(`crash ${payload.error.name} restart ${payload.restart}`));
  return heard;
};

test(
  'the same message comes again, those behind it wait, and those before it are committed',
  inWorld(async (world) => {
    await world.send('again', 'a', 'b', 'c');
    const tried: string[] = [];
    const fail = failAt('b', 2);
    const { values } = await listen(world, 'again', {
      onMessage: (received) => {
        tried.push(`${received.value}${committed(world, 'again')}`);
        fail(received);
      },
    });
    await eventually(() => expect(values()).toEqual(['a', 'b', 'c']));
    expect(tried).toEqual(['a-1', 'b-1', 'b1', 'b1', 'c1']);
    await eventually(() => expect(committed(world, 'again')).toBe(3));
  }),
);

test(
  'a failing eachBatch gets its batch again from the first unresolved message',
  inWorld(async (world) => {
    await world.send('batch', 'a', 'b', 'c');
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['batch'], fromBeginning: true });
    const batches: string[] = [];
    await consumer.run({
      eachBatch: async ({ batch, resolveOffset }) => {
        batches.push(batch.messages.map(({ value }) => String(value)).join(''));
        if (batches.length > 1) return;
        resolveOffset('0');
        throw new Error('failed after the first');
      },
    });
    await eventually(() => expect(committed(world, 'batch')).toBe(3));
    expect(batches).toEqual(['abc', 'bc']);
  }),
);

test('the wait between attempts grows, and meanwhile no partition is read', async () => {
  const { clock, options } = withManualClock();
  await inWorld(
    async (world) => {
      await world.createTopic('backoff', 2);
      const attempts: number[] = [];
      const start = clock.now();
      const { values } = await listen(world, 'backoff', {
        config: { retry: { initialRetryTime: 100, factor: 0, multiplier: 3, retries: 5, maxRetryTime: 500 } },
        onMessage: (received) => {
          if (received.value !== 'bad') return;
          attempts.push(clock.now() - start);
          if (attempts.length < 4) throw new Error('not yet');
        },
      });
      await world.send('backoff', { value: 'bad', partition: 0 });
      await clock.settle();
      await world.send('backoff', { value: 'good', partition: 1 });
      await clock.advance(99);
      expect([attempts, values()]).toEqual([[0], []]);
      await clock.advance(1000);
      expect(attempts).toEqual([0, 100, 400, 900]);
      expect(values().toSorted()).toEqual(['bad', 'good']);
    },
    () => options,
  )();
});

test(
  'retries are counted since the last join, not since the last success',
  inWorld(async (world) => {
    await world.send('count', 'a', 'b', 'c', 'd');
    const failed = new Set<string>();
    const consumer = world.consumer({ retry: { retries: 2, initialRetryTime: 1, maxRetryTime: 2 } });
    const heard = hear(consumer);
    const { values } = await listen(world, 'count', {
      consumer,
      onMessage: ({ value }) => {
        if (value === 'd' || failed.has(value)) return;
        failed.add(value);
        throw new Error('each once');
      },
    });
    await eventually(() => expect(values()).toEqual(['a', 'b', 'c', 'd']));
    expect(heard.filter((event) => event.startsWith('crash'))).toHaveLength(1);
  }),
);

test(
  'when retries are used up the consumer crashes, restarts, and gets the same message again',
  inWorld(async (world) => {
    await world.send('crash', 'a', 'b');
    const consumer = world.consumer({ retry: { retries: 1, initialRetryTime: 1 } });
    const heard = hear(consumer);
    const { values } = await listen(world, 'crash', { consumer, onMessage: failAt('b', 2) });
    await eventually(() => expect(values()).toEqual(['a', 'b']));
    expect(heard).toEqual([
      'connect',
      'join',
      'stop',
      'disconnect',
      'crash KafkaJSNumberOfRetriesExceeded restart true',
      'connect',
      'join',
    ]);
  }),
);

test(
  'the crash tells what went wrong',
  inWorld(async (world) => {
    await world.send('told', 'a');
    const consumer = world.consumer({ retry: { retries: 0, initialRetryTime: 1 } });
    const crashes: { error: Error; groupId: string; restart: boolean }[] = [];
    consumer.on(consumer.events.CRASH, ({ payload }) => crashes.push(payload));
    await listen(world, 'told', { consumer, onMessage: failAt('a', 1, () => new Error('my failure')) });
    await eventually(() => expect(crashes).toHaveLength(1));
    expect(crashes[0]?.error).toBeInstanceOf(KafkaJSNumberOfRetriesExceeded);
    expect(crashes[0]).toMatchObject({
      groupId: 'group',
      restart: true,
      error: { message: 'my failure', retryCount: 0, cause: { message: 'my failure' } },
    });
  }),
);

test(
  'restartOnFailure can keep it down',
  inWorld(async (world) => {
    await world.send('down', 'a');
    const consumer = world.consumer({
      retry: { retries: 0, initialRetryTime: 1, restartOnFailure: async () => false },
    });
    const heard = hear(consumer);
    await listen(world, 'down', { consumer, onMessage: failAt('a', 99) });
    await eventually(() => expect(heard.at(-1)).toBe('crash KafkaJSNumberOfRetriesExceeded restart false'));
    await settle();
    expect(heard.filter((event) => event === 'join')).toHaveLength(1);
  }),
);

test.each<[string, () => Error]>([
  ['KafkaJSNonRetriableError', () => new KafkaJSNonRetriableError('no')],
  ['TypeError', () => new TypeError('no')],
  ['RangeError', () => new RangeError('no')],
  ['ReferenceError', () => new ReferenceError('no')],
  ['SyntaxError', () => new SyntaxError('no')],
])('a %s is not retried, and the consumer stays down', async (_name, error) =>
  inWorld(async (world) => {
    await world.send('fatal', 'a');
    const consumer = world.consumer();
    const heard = hear(consumer);
    let attempts = 0;
    await listen(world, 'fatal', {
      consumer,
      onMessage: () => {
        attempts += 1;
        throw error();
      },
    });
    await eventually(() => expect(heard.at(-1)).toBe('crash KafkaJSNonRetriableError restart false'));
    expect(attempts).toBe(1);
    expect(committed(world, 'fatal')).toBe(-1);
  })(),
);

test(
  'after a crash pauses are forgotten',
  inWorld(async (world) => {
    await world.createTopic('forgotten', 2);
    const consumer = world.consumer({ retry: { retries: 0, initialRetryTime: 1 } });
    const fail = failAt('bad', 1);
    const { values } = await listen(world, 'forgotten', { consumer, onMessage: fail });
    consumer.pause([{ topic: 'forgotten', partitions: [1] }]);
    await world.send('forgotten', { value: 'paused', partition: 1 }, { value: 'bad', partition: 0 });
    await eventually(() => expect(values().toSorted()).toEqual(['bad', 'paused']));
    expect(consumer.paused()).toEqual([]);
  }),
);
