import { expect } from '@jest/globals';
import type { SeekEntry } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

const UNKNOWN_TOPIC = {
  name: 'KafkaJSNumberOfRetriesExceeded',
  message: 'This server does not host this topic-partition',
  retriable: false,
  retryCount: 8,
  cause: { name: 'KafkaJSProtocolError', type: 'UNKNOWN_TOPIC_OR_PARTITION' },
};

const OUT_OF_RANGE = { name: 'KafkaJSProtocolError', type: 'OFFSET_OUT_OF_RANGE', code: 1 };

const offsetsOf = async ({ admin }: World, topic: string) => {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets.toSorted((a, b) => a.partition - b.partition);
};

const lowOf = async (world: World, topic: string) => (await offsetsOf(world, topic))[0]?.low;

const fetching: Area = (behaviour) => {
  behaviour(
    'the offsets of a topic are its low and high ones, as texts, and the high one twice',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      await world.send(topic, ...['a', 'b', 'c'].map((value) => ({ value, partition: 1 })));
      expect(await offsetsOf(world, topic)).toEqual([
        { partition: 0, offset: '0', high: '0', low: '0' },
        { partition: 1, offset: '3', high: '3', low: '0' },
      ]);
    },
  );

  behaviour('those of an unknown topic are asked for again and again; it is not created', async (world) => {
    const unknown = world.unique('unknown');
    expect(await rejection(world.admin.fetchTopicOffsets(unknown))).toMatchObject(UNKNOWN_TOPIC);
    expect(await rejection(world.admin.fetchTopicOffsetsByTimestamp(unknown, 1))).toMatchObject(
      UNKNOWN_TOPIC,
    );
    expect(await world.admin.listTopics()).not.toContain(unknown);
  });

  behaviour('those of what is no topic are refused', async ({ admin }) => {
    const refusal = async (topic: unknown) => {
      const error = await rejection(admin.fetchTopicOffsets(unchecked(topic)));
      expect(await rejection(admin.fetchTopicOffsetsByTimestamp(unchecked(topic), 1))).toMatchObject({
        message: error.message,
      });
      return error;
    };
    for (const topic of ['', undefined, 1]) {
      const message = `Invalid topic ${String(topic)}`;
      expect(await refusal(topic)).toMatchObject({ name: 'KafkaJSNonRetriableError', message });
    }
    expect(await refusal('not legal')).toMatchObject({ type: 'INVALID_TOPIC_EXCEPTION', retriable: false });
  });

  behaviour(
    'by time, it is the first message of then or later, wherever later ones stand, else the end',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const start = Date.now() - 60_000;
      const at = (after: number) => ({ value: 'x', partition: 0, timestamp: String(start + after) });
      await world.send(topic, at(1000), at(3000));
      await world.send(topic, at(2000));
      const offsetAt = async (after: number) => {
        const found = await world.admin.fetchTopicOffsetsByTimestamp(topic, start + after);
        expect(found).toContainEqual({ partition: 1, offset: '0' });
        return found.find(({ partition }) => partition === 0)?.offset;
      };
      const asked = [-1, 1000, 1001, 2000, 2001, 3000, 3001];
      expect(await Promise.all(asked.map(offsetAt))).toEqual(['0', '0', '1', '1', '1', '1', '3']);
    },
  );

  behaviour('without a time it is the end; -1 and -2 stand for the end and the beginning', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c');
    await offsetsOf(world, topic);
    await world.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] });
    const offsetAt = async (timestamp?: number) =>
      (await world.admin.fetchTopicOffsetsByTimestamp(topic, timestamp))[0]?.offset;
    expect(await offsetAt()).toBe('3');
    expect(await offsetAt(-1)).toBe('3');
    expect(await offsetAt(-2)).toBe('1');
    expect(await offsetAt(0)).toBe('1');
    expect(await rejection(offsetAt(-3))).toMatchObject({ type: 'UNSUPPORTED_VERSION', code: 35 });
  });
};

const deleting: Area = (behaviour) => {
  const remove = ({ admin }: World, topic: string, ...partitions: SeekEntry[]) =>
    admin.deleteTopicRecords({ topic, partitions });

  behaviour('an admin that has asked for nothing yet knows no partitions to delete from', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const admin = world.keep(world.another().admin());
    const partitions = [{ partition: 0, offset: '1' }];
    const notLoaded = {
      name: 'KafkaJSTopicMetadataNotLoaded',
      message: 'Topic metadata not loaded',
      topic,
      retriable: true,
    };
    for (const connect of [false, true, true]) {
      if (connect) await admin.connect();
      expect(await rejection(admin.deleteTopicRecords({ topic, partitions }))).toMatchObject(notLoaded);
    }
    await admin.listTopics();
    await admin.deleteTopicRecords({ topic, partitions });
    expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ low: '1', high: '2' }]);
    await admin.disconnect();
    await admin.connect();
    expect(await rejection(admin.deleteTopicRecords({ topic, partitions }))).toMatchObject(notLoaded);
  });

  behaviour('an admin finds those partitions alone that its last call has loaded', async (world) => {
    const [asked, other] = [await world.filledTopic('a', 'b'), await world.filledTopic('a', 'b')];
    const admin = world.keep(world.another().admin());
    await admin.connect();
    const removeFrom = (topic: string) =>
      admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] });
    const notFound = {
      name: 'KafkaJSDeleteTopicRecordsError',
      partitions: [
        {
          partition: 0,
          offset: '1',
          error: {
            name: 'KafkaJSBrokerNotFound',
            message: 'Could not find the leader for the partition',
            retriable: false,
          },
        },
      ],
    };
    await admin.listTopics();
    await removeFrom(asked);
    // That has loaded the one topic, which the list of all is replaced by.
    expect(await rejection(removeFrom(other))).toMatchObject(notFound);
    await removeFrom(other);
    const newer = await world.filledTopic('a', 'b');
    expect(await rejection(removeFrom(newer))).toMatchObject(notFound);
    await removeFrom(newer);
    for (const topic of [asked, other, newer]) {
      expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ low: '1' }]);
    }
  });

  /** Four messages in the first of two partitions; the admin knows the topic. */
  const filled = async (world: World): Promise<string> => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, ...['0', '1', '2', '3'].map((value) => ({ value, partition: 0 })));
    await offsetsOf(world, topic);
    return topic;
  };

  behaviour('messages before an offset can be deleted; offsets stay what they were', async (world) => {
    const topic = await filled(world);
    expect(await remove(world, topic, { partition: 0, offset: '2' })).toBeUndefined();
    expect((await offsetsOf(world, topic))[0]).toEqual({ partition: 0, offset: '4', high: '4', low: '2' });
    const { received } = await world.listen(topic);
    await eventually(() =>
      expect(received.map(({ value, message }) => [value, message.offset])).toEqual([
        ['2', '2'],
        ['3', '3'],
      ]),
    );
  });

  behaviour('-1 deletes all of them; what comes then continues counting', async (world) => {
    const topic = await filled(world);
    await remove(world, topic, { partition: 0, offset: '-1' });
    expect((await offsetsOf(world, topic))[0]).toMatchObject({ high: '4', low: '4' });
    const messages = [{ value: 'next', partition: 0 }];
    expect(await world.producer.send({ topic, messages })).toMatchObject([
      { baseOffset: '4', logStartOffset: '4' },
    ]);
  });

  behaviour('an offset before the beginning deletes nothing, and the beginning stays', async (world) => {
    const topic = await filled(world);
    await remove(world, topic, { partition: 0, offset: '3' });
    expect(await remove(world, topic, { partition: 0, offset: '1' })).toBeUndefined();
    expect(await lowOf(world, topic)).toBe('3');
  });

  behaviour('an offset before the beginning is a warning', async (world) => {
    const topic = await filled(world);
    await remove(world, topic, { partition: 0, offset: '3' });
    const warnings: unknown[] = [];
    const kafka = world.another({
      logLevel: world.kafkajs.logLevel.WARN,
      logCreator:
        () =>
        ({ namespace, log: { message, partition, offset } }) =>
          void warnings.push({ namespace, message, partition, offset }),
    });
    const admin = world.keep(kafka.admin());
    await admin.connect();
    await admin.fetchTopicMetadata({ topics: [topic] });
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] });
    expect(warnings).toEqual([
      {
        namespace: 'Admin',
        message:
          'The requested offset is before the earliest offset maintained on the partition - no records will be deleted from this partition',
        partition: 0,
        offset: '1',
      },
    ]);
  });

  behaviour('an offset beyond the end is refused, and other partitions are carried out', async (world) => {
    const topic = await filled(world);
    for (const offset of ['1', '-2']) {
      const error = await rejection(
        remove(world, topic, { partition: 0, offset: '2' }, { partition: 1, offset }),
      );
      expect(error).toMatchObject({
        name: 'KafkaJSNonRetriableError',
        message: 'Error while deleting records',
        cause: {
          name: 'KafkaJSDeleteTopicRecordsError',
          retriable: false,
          partitions: [{ partition: 1, offset, error: OUT_OF_RANGE }],
        },
      });
    }
    expect(await lowOf(world, topic)).toBe('2');
  });

  behaviour('a partition that does not exist is refused before any other is carried out', async (world) => {
    const topic = await filled(world);
    const error = await rejection(
      remove(world, topic, { partition: 0, offset: '2' }, { partition: 7, offset: '1' }),
    );
    expect(error).toBeInstanceOf(world.kafkajs.KafkaJSDeleteTopicRecordsError);
    expect(error).toMatchObject({
      message: 'Error while deleting records',
      retriable: false,
      partitions: [
        {
          partition: 7,
          offset: '1',
          error: {
            name: 'KafkaJSBrokerNotFound',
            message: 'Could not find the leader for the partition',
            retriable: false,
          },
        },
      ],
    });
    expect(await lowOf(world, topic)).toBe('0');
  });

  behaviour('deleting messages checks its arguments', async (world) => {
    const topic = await filled(world);
    const first = { partition: 0, offset: '1' };
    expect(await rejection(remove(world, '', first))).toMatchObject({ message: 'Invalid topic ""' });
    expect(await rejection(remove(world, topic))).toMatchObject({ message: 'Invalid partitions' });
    expect(await rejection(remove(world, world.unique('unknown'), first))).toMatchObject(UNKNOWN_TOPIC);
    expect(await rejection(remove(world, topic, { partition: 0, offset: 'x' }))).toMatchObject({
      name: 'KafkaJSNonRetriableError',
      message: 'Cannot convert x to a BigInt',
      cause: { name: 'SyntaxError' },
    });
    expect(await lowOf(world, topic)).toBe('0');
  });

  behaviour('who reads behind the new beginning continues from there', async (world) => {
    const topic = await filled(world);
    const seen: string[] = [];
    const { consumer } = await world.listen(topic, {
      onMessage: async ({ value }) => {
        seen.push(value);
        // It breaks off the batch, and reads on from what is no longer there.
        if (value !== '0') return;
        await remove(world, topic, { partition: 0, offset: '3' });
        consumer.seek({ topic, partition: 0, offset: '1' });
      },
    });
    await eventually(() => expect(seen).toEqual(['0', '3']));
  });
};

export const topicOffsets: Area = (behaviour) => {
  fetching(behaviour);
  deleting(behaviour);
};
