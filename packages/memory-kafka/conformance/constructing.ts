import { expect } from '@jest/globals';
import type { KafkaConfig, LogEntry } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { unchecked } from './unchecked.ts';
import { rejection, thrown } from './waiting.ts';
import type { World } from './world.ts';

type Brokers = KafkaConfig['brokers'];

/** How connecting to these ends. */
const connectTo = async (world: World, brokers: Brokers): Promise<void> => {
  const producer = world.another({ brokers }).producer();
  try {
    await producer.connect();
  } finally {
    await producer.disconnect();
  }
};

const brokersOf = ({ side }: World): string[] => [...side.brokers];

/** An instance whose log can be read, from this level on. */
const logged = (world: World, config: Partial<KafkaConfig> = {}) => {
  const entries: LogEntry[] = [];
  const levels: unknown[] = [];
  const kafka = world.another({
    logLevel: world.kafkajs.logLevel.INFO,
    ...config,
    logCreator: (level) => {
      levels.push(level);
      return (entry) => void entries.push(entry);
    },
  });
  return { kafka, entries, levels, messages: () => entries.map(({ log }) => log.message) };
};

const brokers: Area = (behaviour) => {
  behaviour('brokers come as a list, or from a function, at once or later', async (world) => {
    const list = brokersOf(world);
    for (const given of [list, () => list, async () => list]) {
      await expect(connectTo(world, given)).resolves.toBeUndefined();
    }
  });

  behaviour('the function is asked when connecting, and not again by the same client', async (world) => {
    let asked = 0;
    const kafka = world.another({
      brokers: () => {
        asked += 1;
        return brokersOf(world);
      },
    });
    const producer = kafka.producer();
    expect(asked).toBe(0);
    await producer.connect();
    await producer.disconnect();
    await producer.connect();
    await producer.disconnect();
    expect(asked).toBe(1);
  });

  behaviour('a function that fails is a connection error, which is not tried again', async (world) => {
    for (const failing of [
      () => {
        throw new Error('nobody knows');
      },
      async () => {
        throw new Error('nobody knows');
      },
    ]) {
      expect(await rejection(connectTo(world, failing))).toMatchObject({
        name: 'KafkaJSConnectionError',
        message: 'Failed to connect: "config.brokers" threw: nobody knows',
        retriable: true,
      });
    }
  });

  behaviour('after it has failed it is asked again', async (world) => {
    let asked = 0;
    const kafka = world.another({
      brokers: () => {
        asked += 1;
        if (asked === 1) throw new Error('not yet');
        return brokersOf(world);
      },
    });
    const producer = kafka.producer();
    await rejection(producer.connect());
    await producer.connect();
    expect(asked).toBe(2);
    await producer.disconnect();
  });

  const invalid: Readonly<Record<string, readonly [given: unknown, message: string]>> = {
    'no brokers': [undefined, 'brokers should not be null'],
    'a function that knows none': [() => null, 'brokers should not be null'],
    'an empty list': [[], 'brokers array is empty'],
    'a function with an empty list': [async () => [], 'brokers array is empty'],
    'an empty address': [['somewhere:9092', ''], 'broker at index 1 is invalid "string"'],
    'an address that is none': [[undefined], 'broker at index 0 is invalid "undefined"'],
    'a number for an address': [[9092], 'broker at index 0 is invalid "number"'],
  };
  for (const [what, [given, message]] of Object.entries(invalid)) {
    behaviour(`${what}: refused when connecting, and not before`, async (world) => {
      expect(await rejection(connectTo(world, unchecked(given)))).toMatchObject({
        name: 'KafkaJSNonRetriableError',
        message: `Failed to connect: ${message}`,
        retriable: false,
      });
    });
  }

  behaviour('there is nothing wrong with disconnecting from brokers that are none', async (world) => {
    const producer = world.another({ brokers: [] }).producer();
    await expect(producer.disconnect()).resolves.toBeUndefined();
  });

  behaviour(
    'without a configuration there is no Kafka, and it has to be made with new',
    async ({ kafkajs }) => {
      expect(thrown(() => new kafkajs.Kafka(unchecked(undefined))).name).toBe('TypeError');
      expect(thrown(() => Reflect.apply(kafkajs.Kafka, undefined, [{ brokers: ['a:1'] }])).name).toBe(
        'TypeError',
      );
    },
  );
};

const retries: Area = (behaviour) => {
  const retriesOf = async (
    world: World,
    retry: KafkaConfig['retry'],
    own: KafkaConfig['retry'],
  ): Promise<unknown> => {
    const producer = world
      .another({ retry: retry ?? {} })
      .producer({ allowAutoTopicCreation: false, retry: own ?? {} });
    await producer.connect();
    const error = await rejection(
      producer.send({ topic: world.unique('unknown'), messages: [{ value: 'x' }] }),
    );
    await producer.disconnect();
    return Reflect.get(error, 'retryCount');
  };

  behaviour('retries of the instance hold for its clients, a client may have others', async (world) => {
    const quick = { initialRetryTime: 5, maxRetryTime: 5 };
    expect(await retriesOf(world, { ...quick, retries: 2 }, undefined)).toBe(2);
    expect(await retriesOf(world, { ...quick, retries: 2 }, { retries: 1 })).toBe(1);
    expect(await retriesOf(world, { ...quick, retries: 0 }, undefined)).toBe(0);
  });

  behaviour('a client takes over one by one what it does not set itself', async (world) => {
    const start = Date.now();
    // Retries of the client, times of the instance: with kafkajs's own times this would last for seconds.
    expect(await retriesOf(world, { initialRetryTime: 5, maxRetryTime: 5 }, { retries: 7 })).toBe(7);
    expect(Date.now() - start).toBeLessThan(2000);
  });
};

const logging: Area = (behaviour) => {
  behaviour('the log creator is called once, with the level, when the instance is made', async (world) => {
    const { kafka, levels } = logged(world, { logLevel: world.kafkajs.logLevel.WARN });
    kafka.producer();
    kafka.admin();
    expect(levels).toEqual([2]);
  });

  behaviour(
    'an entry has its level, its label, and a log with time, logger, message and more',
    async (world) => {
      const { kafka, entries } = logged(world);
      kafka.logger().warn('careful', { topic: 't' });
      const { timestamp } = entries[0]?.log ?? {};
      expect(entries).toEqual([
        {
          namespace: undefined,
          level: world.kafkajs.logLevel.WARN,
          label: 'WARN',
          log: { timestamp, logger: 'kafkajs', message: 'careful', topic: 't' },
        },
      ]);
      expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    },
  );

  behaviour('only what is at least as grave as the level is logged', async (world) => {
    const { logLevel } = world.kafkajs;
    const messagesAt = (level: KafkaConfig['logLevel'] & {}): string[] => {
      const { kafka, messages } = logged(world, { logLevel: level });
      const logger = kafka.logger();
      for (const label of ['debug', 'info', 'warn', 'error'] as const) logger[label](label);
      return messages();
    };
    expect(messagesAt(logLevel.NOTHING)).toEqual([]);
    expect(messagesAt(logLevel.ERROR)).toEqual(['error']);
    expect(messagesAt(logLevel.WARN)).toEqual(['warn', 'error']);
    expect(messagesAt(logLevel.INFO)).toEqual(['info', 'warn', 'error']);
    expect(messagesAt(logLevel.DEBUG)).toEqual(['debug', 'info', 'warn', 'error']);
  });

  behaviour(
    'the level can be changed, and holds for all namespaces but those with one of their own',
    async (world) => {
      const { kafka, messages } = logged(world, { logLevel: world.kafkajs.logLevel.ERROR });
      const named = kafka.logger().namespace('Mine');
      const silent = kafka.logger().namespace('Silent', world.kafkajs.logLevel.NOTHING);
      named.info('too early');
      kafka.logger().setLogLevel(world.kafkajs.logLevel.INFO);
      named.info('logged');
      silent.error('not logged');
      expect(messages()).toEqual(['logged']);
    },
  );

  behaviour('KAFKAJS_LOG_LEVEL in the environment has the last word', async (world) => {
    process.env['KAFKAJS_LOG_LEVEL'] = 'error';
    try {
      const { kafka, levels, messages } = logged(world, { logLevel: world.kafkajs.logLevel.DEBUG });
      kafka.logger().warn('not logged');
      kafka.logger().error('logged');
      expect([levels, messages()]).toEqual([[world.kafkajs.logLevel.ERROR], ['logged']]);
    } finally {
      delete process.env['KAFKAJS_LOG_LEVEL'];
    }
  });

  behaviour('without a log creator an entry is a line of JSON on the console', async (world) => {
    const lines: string[] = [];
    const original = console.warn;
    console.warn = (line: string) => void lines.push(line);
    try {
      const kafka = world.another({ logLevel: world.kafkajs.logLevel.WARN });
      kafka.logger().namespace('Mine').warn('careful', { topic: 't' });
      kafka.logger().info('not logged');
    } finally {
      console.warn = original;
    }
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      {
        level: 'WARN',
        timestamp: expect.any(String),
        logger: 'kafkajs',
        message: '[Mine] careful',
        topic: 't',
      },
    ]);
  });

  behaviour('clients log under their names, to the log of the instance', async (world) => {
    const { kafka, entries } = logged(world);
    const clients = [kafka.producer(), kafka.consumer({ groupId: world.groupId }), kafka.admin()];
    // What kafkajs says once in a process, about its default partitioner, comes or does not.
    entries.length = 0;
    for (const client of clients) client.logger().info('hello');
    expect(entries.map(({ namespace }) => namespace)).toEqual(['Producer', 'Consumer', 'Admin']);
    expect(kafka.logger()).toBe(kafka.logger());
  });

  behaviour('an idempotent producer with limited retries is warned of, each time', async (world) => {
    const { kafka, entries } = logged(world, { retry: { retries: 3 } });
    kafka.producer({ idempotent: true });
    kafka.producer({ idempotent: true, retry: { retries: Number.MAX_SAFE_INTEGER } });
    kafka.producer();
    expect(entries.filter(({ namespace }) => namespace === 'Producer')).toMatchObject([
      {
        label: 'WARN',
        log: { message: 'Limiting retries for the idempotent producer may invalidate EoS guarantees' },
      },
    ]);
  });

  behaviour(
    'a send that fails for good is logged with its reason and the count of retries',
    async (world) => {
      const topic = await world.createTopic();
      const { kafka, entries } = logged(world);
      const producer = kafka.producer();
      await producer.connect();
      const error = await rejection(producer.send({ topic, messages: [{ value: Buffer.alloc(1_100_000) }] }));
      await producer.disconnect();
      const ofProducer = entries.filter(({ namespace }) => namespace === 'Producer');
      expect(ofProducer).toMatchObject([
        {
          level: 1,
          label: 'ERROR',
          log: { message: error.message, retryCount: 0, retryTime: expect.any(Number) },
        },
      ]);
    },
  );
};

export const constructing: Area = (behaviour) => {
  for (const part of [brokers, retries, logging]) part(behaviour);
};
