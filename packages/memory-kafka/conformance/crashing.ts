import { expect } from '@jest/globals';
import type { ConsumerConfig } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { failAt } from './failing-handler.ts';
import { recordEvents } from './event-record.ts';
import { eventually } from './waiting.ts';
import type { World } from './world.ts';

const LIFE = ['CONNECT', 'GROUP_JOIN', 'STOP', 'DISCONNECT', 'CRASH'] as const;

/** A consumer of one topic with the message 'a', which fails `times` times, with these retries. */
const failing = async (
  world: World,
  times: number,
  retry: NonNullable<ConsumerConfig['retry']>,
  error?: () => unknown,
) => {
  const topic = await world.filledTopic('a');
  const consumer = world.consumer({ retry: { initialRetryTime: 20, retries: 0, ...retry } });
  const recorded = recordEvents(consumer, LIFE);
  const { values } = await world.listen(topic, { consumer, onMessage: failAt('a', times, error) });
  return { topic, consumer, recorded, values, crash: (): unknown => recorded.payloads('CRASH')[0] };
};

const restarting: Area = (behaviour) => {
  for (const call of ['stop', 'disconnect'] as const) {
    behaviour(`${call}() in a listener for the crash does not keep the consumer down`, async (world) => {
      const topic = await world.filledTopic('a');
      const consumer = world.consumer({ retry: { initialRetryTime: 20, retries: 0 } });
      consumer.on(consumer.events.CRASH, () => consumer[call]());
      const { values } = await world.listen(topic, { consumer, onMessage: failAt('a', 1) });
      await eventually(() => expect(values()).toEqual(['a']));
    });
  }

  behaviour(
    'when retries are used up the consumer crashes, restarts, and gets the message again',
    async (world) => {
      const { recorded, values } = await failing(world, 2, { retries: 1 });
      await eventually(() => expect(values()).toEqual(['a']));
      expect(recorded.keys()).toEqual([
        'CONNECT',
        'GROUP_JOIN',
        'STOP',
        'DISCONNECT',
        'CRASH',
        'CONNECT',
        'GROUP_JOIN',
      ]);
    },
  );

  behaviour('the crash says what went wrong, and how often it was tried', async (world) => {
    const mine = new Error('my failure');
    const { crash } = await failing(world, 2, { retries: 1, factor: 0, multiplier: 3 }, () => mine);
    await eventually(() => expect(crash()).toBeDefined());
    expect(crash()).toMatchObject({
      groupId: world.groupId,
      restart: true,
      error: {
        name: 'KafkaJSNumberOfRetriesExceeded',
        message: 'my failure',
        retriable: false,
        retryCount: 1,
        retryTime: 60,
      },
    });
    expect(Object.keys(Object(crash())).toSorted()).toEqual(['error', 'groupId', 'restart']);
    const error: unknown = Reflect.get(Object(crash()), 'error');
    expect(error).toBeInstanceOf(world.kafkajs.KafkaJSNumberOfRetriesExceeded);
    expect(Reflect.get(Object(error), 'cause')).toBe(mine);
  });

  behaviour('the cause of a crash is the error that was thrown, and not the cause of that', async (world) => {
    const mine = new Error('outer', { cause: new Error('inner') });
    const { crash } = await failing(world, 1, {}, () => mine);
    await eventually(() => expect(crash()).toMatchObject({ error: { message: 'outer' } }));
    expect(Reflect.get(Object(Reflect.get(Object(crash()), 'error')), 'cause')).toBe(mine);
  });

  behaviour('a crashed member has left the group before its restart', async (world) => {
    const { consumer, crash, values } = await failing(world, 1, { initialRetryTime: 700, factor: 0 });
    await eventually(() => expect(crash()).toBeDefined());
    expect((await consumer.describeGroup()).members).toEqual([]);
    await eventually(() => expect(values()).toEqual(['a']));
  });

  behaviour('a crashed consumer comes back as another member', async (world) => {
    const { recorded, values } = await failing(world, 1, {});
    await eventually(() => expect(values()).toEqual(['a']));
    const ids = recorded
      .payloads('GROUP_JOIN')
      .map((payload): unknown => Reflect.get(Object(payload), 'memberId'));
    expect(new Set(ids).size).toBe(2);
  });

  behaviour(
    'a poisonous message crashes the consumer again and again: nothing takes it out of the way',
    async (world) => {
      const { topic, recorded, values } = await failing(world, 99, {});
      await world.send(topic, 'b');
      await eventually(() => expect(recorded.payloads('CRASH').length).toBeGreaterThan(2));
      expect(values()).toEqual([]);
      expect(await world.committed(topic)).toBe('-1');
    },
  );

  behaviour('what was processed before the crash is committed and does not come again', async (world) => {
    const topic = await world.filledTopic('x', 'a', 'y');
    const consumer = world.consumer({ retry: { initialRetryTime: 20, retries: 0 } });
    const { values } = await world.listen(topic, { consumer, onMessage: failAt('a', 1) });
    await eventually(() => expect(values()).toEqual(['x', 'a', 'y']));
  });

  behaviour('without autoCommit a restart begins at the commits again', async (world) => {
    const topic = await world.filledTopic('x', 'a', 'y');
    const consumer = world.consumer({ retry: { initialRetryTime: 20, retries: 0 } });
    const { values } = await world.listen(topic, { consumer, autoCommit: false, onMessage: failAt('a', 1) });
    await eventually(() => expect(values()).toEqual(['x', 'x', 'a', 'y']));
  });

  behaviour('a crash forgets pauses', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const consumer = world.consumer({ retry: { retries: 0, initialRetryTime: 20 } });
    const { values } = await world.listen(topic, { consumer, onMessage: failAt('bad', 1) });
    consumer.pause([{ topic, partitions: [1] }]);
    await world.send(topic, { value: 'paused', partition: 1 }, { value: 'bad', partition: 0 });
    await eventually(() => expect(values().toSorted()).toEqual(['bad', 'paused']));
    expect(consumer.paused()).toEqual([]);
  });

  behaviour('while it waits to restart the consumer counts as not running', async (world) => {
    const { topic, consumer, crash } = await failing(world, 1, { initialRetryTime: 600, factor: 0 });
    await eventually(() => expect(crash()).toBeDefined());
    expect(() => consumer.pause([{ topic }])).toThrow(
      'Consumer group was not initialized, consumer#run must be called first',
    );
    expect(consumer.paused()).toEqual([]);
  });

  behaviour('who disconnects while the consumer waits to restart keeps it down', async (world) => {
    const retry = { initialRetryTime: 300, factor: 0 };
    const first = await failing(world, 9, retry);
    await eventually(() => expect(first.crash()).toBeDefined());
    await new Promise<void>((resolve) => void setImmediate(resolve));
    await first.consumer.disconnect();
    // Another one that crashed later and is back: the first would have been back before it.
    const second = await failing(world, 1, retry);
    await eventually(() => expect(second.values()).toEqual(['a']));
    expect(first.recorded.keys()).toEqual([
      'CONNECT',
      'GROUP_JOIN',
      'STOP',
      'DISCONNECT',
      'CRASH',
      'DISCONNECT',
    ]);
  });
};

const askingWhether: Area = (behaviour) => {
  behaviour('restartOnFailure is asked with the error, and false keeps the consumer down', async (world) => {
    const asked: Error[] = [];
    const restartOnFailure = async (error: Error): Promise<boolean> => {
      asked.push(error);
      return false;
    };
    const { recorded, crash } = await failing(world, 9, { restartOnFailure });
    await eventually(() => expect(crash()).toMatchObject({ restart: false }));
    expect(asked.map(({ name, message }) => `${name} ${message}`)).toEqual([
      'KafkaJSNumberOfRetriesExceeded handler failed',
    ]);
    expect(recorded.keys().filter((key) => key === 'GROUP_JOIN')).toHaveLength(1);
  });

  behaviour('restartOnFailure that says true lets it restart', async (world) => {
    const { crash, values } = await failing(world, 1, { restartOnFailure: async () => true });
    await eventually(() => expect(values()).toEqual(['a']));
    expect(crash()).toMatchObject({ restart: true });
  });

  behaviour('restartOnFailure that fails counts as true', async (world) => {
    const restartOnFailure = () => Promise.reject(new Error('cannot say'));
    const { crash, values } = await failing(world, 1, { restartOnFailure });
    await eventually(() => expect(values()).toEqual(['a']));
    expect(crash()).toMatchObject({ restart: true });
  });

  behaviour('restartOnFailure is not asked about an error that no restart cures', async (world) => {
    let asked = 0;
    const restartOnFailure = async (): Promise<boolean> => {
      asked += 1;
      return true;
    };
    const { crash } = await failing(world, 9, { restartOnFailure }, () => new TypeError('a bug'));
    await eventually(() => expect(crash()).toMatchObject({ restart: false }));
    expect(asked).toBe(0);
  });

  behaviour('a consumer that stayed down can be run again by hand', async (world) => {
    const { topic, consumer, crash } = await failing(world, 1, { restartOnFailure: async () => false });
    await eventually(() => expect(crash()).toBeDefined());
    // kafkajs may write to a connection that it has just ended, and refuses for that; the caller tries again.
    const { values } = await eventually(() => world.listen(topic, { consumer }));
    await eventually(() => expect(values()).toEqual(['a']));
  });
};

const withoutRetry: Area = (behaviour) => {
  const errors: readonly (readonly [name: string, create: (world: World) => Error])[] = [
    ['a KafkaJSNonRetriableError', ({ kafkajs }) => new kafkajs.KafkaJSNonRetriableError('no')],
    ['a TypeError', () => new TypeError('no')],
    ['a RangeError', () => new RangeError('no')],
    ['a ReferenceError', () => new ReferenceError('no')],
    ['a SyntaxError', () => new SyntaxError('no')],
    ['an error with retriable false', () => Object.assign(new Error('no'), { retriable: false })],
    [
      'an error that only has the name TypeError',
      () => Object.assign(new Error('no'), { name: 'TypeError' }),
    ],
  ];
  for (const [name, create] of errors) {
    behaviour(`${name} is not retried, and the consumer stays down`, async (world) => {
      const mine = create(world);
      let thrown = 0;
      const { topic, crash } = await failing(world, 9, { retries: 5 }, () => {
        thrown += 1;
        return mine;
      });
      await eventually(() => expect(crash()).toBeDefined());
      expect(crash()).toMatchObject({
        restart: false,
        error: { name: 'KafkaJSNonRetriableError', message: 'no' },
      });
      const error: unknown = Reflect.get(Object(crash()), 'error');
      expect(Reflect.get(Object(error), 'cause')).toBe(mine);
      expect([thrown, await world.committed(topic)]).toEqual([1, '-1']);
    });
  }

  behaviour('a non-retriable error whose cause can be cured restarts the consumer', async (world) => {
    const cause = () => new world.kafkajs.KafkaJSError('passing');
    const error = () => Object.assign(new TypeError('wrapped', { cause: cause() }));
    const { crash, values } = await failing(world, 1, { retries: 5 }, error);
    await eventually(() => expect(values()).toEqual(['a']));
    expect(crash()).toMatchObject({ restart: true, error: { name: 'KafkaJSNonRetriableError' } });
  });

  behaviour('a text that was thrown is the message of the crash', async (world) => {
    const { crash } = await failing(world, 1, {}, () => 'just text');
    await eventually(() => expect(crash()).toMatchObject({ error: { message: 'just text' }, restart: true }));
  });

  const inherited: readonly (readonly [what: string, retry: ConsumerConfig['retry'], crashes: boolean])[] = [
    ['a consumer without retries of its own has five, whatever the instance says', undefined, false],
    ['a consumer that says only some of its retries takes the others from the instance', { factor: 0 }, true],
  ];
  for (const [what, retry, crashes] of inherited) {
    behaviour(what, async (world) => {
      const topic = await world.filledTopic('a');
      const kafka = world.another({ retry: { initialRetryTime: 20, retries: 0 } });
      const config = {
        groupId: world.groupId,
        maxWaitTimeInMs: 100,
        ...(retry === undefined ? {} : { retry }),
      };
      const consumer = world.keep(kafka.consumer(config));
      const recorded = recordEvents(consumer, ['CRASH']);
      const { values } = await world.listen(topic, { consumer, onMessage: failAt('a', 1) });
      await eventually(() => expect(values()).toEqual(['a']));
      expect(recorded.events.length > 0).toBe(crashes);
    });
  }

  behaviour('retries 0 crashes at the first failure', async (world) => {
    const { crash } = await failing(world, 1, { retries: 0 });
    await eventually(() => expect(crash()).toMatchObject({ error: { retryCount: 0 } }));
  });
};

export const crashing: Area = (behaviour) => {
  restarting(behaviour);
  askingWhether(behaviour);
  withoutRetry(behaviour);
};
