import { expect } from '@jest/globals';
import type { ConsumerConfig, LogEntry } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { failAt } from './failing-handler.ts';
import { recordEvents } from './event-record.ts';
import { eventually } from './waiting.ts';
import { FAST_RETRY, type World } from './world.ts';

const NAMESPACES = ['Consumer', 'ConsumerGroup', 'Runner'];

/** A consumer, and what it says at level INFO or above. */
const loggingConsumer = (world: World, config: Partial<ConsumerConfig> = {}) => {
  const entries: LogEntry[] = [];
  const kafka = world.another({
    logLevel: world.kafkajs.logLevel.INFO,
    logCreator: () => (entry) => void (NAMESPACES.includes(entry.namespace) && entries.push(entry)),
  });
  const settings = { groupId: world.groupId, maxWaitTimeInMs: 100, retry: FAST_RETRY, ...config };
  const consumer = world.keep(kafka.consumer(settings));
  return {
    consumer,
    /** As 'Consumer INFO Starting'. */
    lines: () => entries.map(({ namespace, label, log }) => `${namespace} ${label} ${log.message}`),
    /** The fields of the first entry with this message, without the two that all have. */
    fieldsOf: (message: string) => {
      const found: Record<string, unknown> = { ...entries.find(({ log }) => log.message === message)?.log };
      const { timestamp, logger, message: _, ...fields } = found;
      expect([typeof timestamp, logger]).toEqual(['string', 'kafkajs']);
      return fields;
    },
  };
};

const life: Area = (behaviour) => {
  behaviour('a consumer says that it starts, joins, ends and has stopped', async (world) => {
    const topic = await world.createTopic();
    const { consumer, lines, fieldsOf } = loggingConsumer(world);
    const joins = recordEvents(consumer, ['GROUP_JOIN']);
    await world.listen(topic, { consumer });
    await consumer.disconnect();
    expect(lines()).toEqual([
      'Consumer INFO Starting',
      'ConsumerGroup INFO Consumer has joined the group',
      'Runner INFO consumer not running, exiting',
      'Consumer INFO Stopped',
    ]);
    const { groupId } = world;
    expect([fieldsOf('Starting'), fieldsOf('Stopped')]).toEqual([{ groupId }, { groupId }]);
    expect(fieldsOf('Consumer has joined the group')).toEqual(joins.payloads('GROUP_JOIN')[0]);
    const memberId = Object(joins.payloads('GROUP_JOIN')[0]).memberId;
    expect(fieldsOf('consumer not running, exiting')).toEqual({ groupId, memberId });
  });

  behaviour('a second run() is a warning', async (world) => {
    const topic = await world.createTopic();
    const { consumer, lines } = loggingConsumer(world);
    await world.listen(topic, { consumer });
    await consumer.run({ eachMessage: async () => undefined });
    expect(lines().at(-1)).toBe('Consumer WARN consumer#run was called, but the consumer is already running');
  });

  behaviour('pausing and resuming is said', async (world) => {
    const topic = await world.createTopic();
    const { consumer, lines, fieldsOf } = loggingConsumer(world);
    await world.listen(topic, { consumer });
    const topicPartitions = [{ topic, partitions: [0] }];
    consumer.pause(topicPartitions);
    consumer.resume(topicPartitions);
    expect(lines().slice(2)).toEqual([
      'ConsumerGroup INFO Pausing fetching from 1 topics',
      'ConsumerGroup INFO Resuming fetching from 1 topics',
    ]);
    expect(fieldsOf('Pausing fetching from 1 topics')).toEqual({ topicPartitions });
    expect(fieldsOf('Resuming fetching from 1 topics')).toEqual({ topicPartitions });
  });

  behaviour('a rebalance is a warning', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const { consumer, lines, fieldsOf } = loggingConsumer(world, { heartbeatInterval: 20 });
    await world.listen(topic, { consumer });
    const memberId = (await consumer.describeGroup()).members[0]?.memberId;
    await world.listen(topic);
    await eventually(() => expect(lines()).toHaveLength(4));
    expect(lines().slice(2)).toEqual([
      'Runner WARN The group is rebalancing, re-joining',
      'ConsumerGroup INFO Consumer has joined the group',
    ]);
    const error = 'The group is rebalancing, so a rejoin is needed';
    expect(fieldsOf('The group is rebalancing, re-joining')).toEqual({
      groupId: world.groupId,
      memberId,
      error,
    });
  });

  behaviour('an offset out of range is an error', async (world) => {
    const topic = await world.createTopic();
    const { consumer, lines, fieldsOf } = loggingConsumer(world);
    await world.listen(topic, { consumer });
    consumer.seek({ topic, partition: 0, offset: '99' });
    const message = 'Offset out of range, resetting to default offset';
    await eventually(() => expect(lines()).toContain(`ConsumerGroup ERROR ${message}`));
    const memberId = (await consumer.describeGroup()).members[0]?.memberId;
    expect(fieldsOf(message)).toEqual({ topic, partition: 0, groupId: world.groupId, memberId });
  });

  behaviour('logger() is that of the consumer', async (world) => {
    const { consumer, lines, fieldsOf } = loggingConsumer(world);
    consumer.logger().warn('from outside', { answer: 42 });
    consumer.logger().debug('too quiet');
    expect(lines()).toEqual(['Consumer WARN from outside']);
    expect(fieldsOf('from outside')).toEqual({ answer: 42 });
  });
};

const failures: Area = (behaviour) => {
  behaviour(
    'a handler of messages that fails is an error with topic, partition, offset and stack',
    async (world) => {
      const topic = await world.filledTopic('x', 'a');
      const { consumer, lines, fieldsOf } = loggingConsumer(world);
      const error = new Error('handler failed');
      const { values } = await world.listen(topic, { consumer, onMessage: failAt('a', 1, () => error) });
      await eventually(() => expect(values()).toEqual(['x', 'a']));
      expect(lines().slice(2)).toEqual(['Runner ERROR Error when calling eachMessage']);
      const fields = fieldsOf('Error when calling eachMessage');
      expect(fields).toEqual({ topic, partition: 0, offset: '1', stack: error.stack, error });
      expect(fields['error']).toBe(error);
    },
  );

  behaviour('a handler of batches that fails is an error with the first offset', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const { consumer, fieldsOf } = loggingConsumer(world);
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const error = new Error('handler failed');
    let calls = 0;
    await consumer.run({
      eachBatch: async () => {
        calls += 1;
        if (calls === 1) throw error;
      },
    });
    await eventually(() => expect(calls).toBe(2));
    const fields = fieldsOf('Error when calling eachBatch');
    expect(fields).toEqual({ topic, partition: 0, offset: '0', stack: error.stack, error });
  });

  behaviour('an error of kafkajs that a handler throws is not worth a line', async (world) => {
    const topic = await world.filledTopic('a');
    const { consumer, lines } = loggingConsumer(world);
    const error = () => new world.kafkajs.KafkaJSError('known');
    const { values } = await world.listen(topic, { consumer, onMessage: failAt('a', 1, error) });
    await eventually(() => expect(values()).toEqual(['a']));
    expect(lines()).toHaveLength(2);
  });

  behaviour('a crash and its restart are errors', async (world) => {
    const topic = await world.filledTopic('a');
    const retry = { retries: 0, initialRetryTime: 30, factor: 0 };
    const { consumer, lines, fieldsOf } = loggingConsumer(world, { retry });
    const { values } = await world.listen(topic, { consumer, onMessage: failAt('a', 1) });
    await eventually(() => expect(values()).toEqual(['a']));
    const crash = 'Crash: KafkaJSNumberOfRetriesExceeded: handler failed';
    expect(lines().slice(3)).toEqual([
      `Consumer ERROR ${crash}`,
      'Consumer INFO Stopped',
      'Consumer ERROR Restarting the consumer in 30ms',
      'Consumer INFO Starting',
      'ConsumerGroup INFO Consumer has joined the group',
    ]);
    const { groupId } = world;
    expect(fieldsOf(crash)).toEqual({ groupId, retryCount: 0, stack: expect.any(String) });
    expect(fieldsOf('Restarting the consumer in 30ms')).toEqual({ groupId, retryCount: 0, retryTime: 30 });
  });

  behaviour('restartOnFailure that fails is an error, with both causes', async (world) => {
    const topic = await world.filledTopic('a');
    const restartOnFailure = () => Promise.reject(new Error('cannot say'));
    const retry = { retries: 0, initialRetryTime: 20, restartOnFailure };
    const { consumer, fieldsOf } = loggingConsumer(world, { retry });
    const { values } = await world.listen(topic, { consumer, onMessage: failAt('a', 1) });
    await eventually(() => expect(values()).toEqual(['a']));
    const message =
      'Caught error when invoking user-provided "restartOnFailure" callback. Defaulting to restarting.';
    const { groupId } = world;
    expect(fieldsOf(message)).toEqual({ groupId, error: 'cannot say', cause: 'handler failed' });
  });
};

export const consumerLogging: Area = (behaviour) => {
  life(behaviour);
  failures(behaviour);
};
