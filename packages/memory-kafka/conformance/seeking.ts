import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { recordEvents, recordingConsumer } from './event-record.ts';
import { readToTheEnd, runThen } from './members.ts';
import { eventually, thrown } from './waiting.ts';

export const seeking: Area = (behaviour) => {
  behaviour(
    'seek right after the call of run() decides where to start, and the last one wins',
    async (world) => {
      const topic = await world.filledTopic('a', 'b', 'c');
      const { received } = await runThen(world, topic, {}, (consumer) => {
        consumer.seek({ topic, partition: 0, offset: '1' });
        consumer.seek({ topic, partition: 0, offset: '2' });
      });
      await eventually(() => expect(received).toEqual(['c']));
      await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    },
  );

  behaviour(
    'seek goes back, also while nothing arrives, and what is read again is committed again',
    async (world) => {
      const { topic, consumer, values } = await readToTheEnd(world, ['a', 'b', 'c']);
      const commits = recordEvents(consumer, ['COMMIT_OFFSETS']);
      consumer.seek({ topic, partition: 0, offset: '1' });
      await eventually(() => expect(values()).toEqual(['a', 'b', 'c', 'b', 'c']));
      await eventually(() =>
        expect(commits.payloads('COMMIT_OFFSETS')).toMatchObject([
          { topics: [{ partitions: [{ offset: '3' }] }] },
        ]),
      );
    },
  );

  behaviour('with autoCommit a seek moves the group, also of a partition that is paused', async (world) => {
    const { topic, consumer, values } = await readToTheEnd(world, ['a', 'b']);
    const commits = recordEvents(consumer, ['COMMIT_OFFSETS']);
    consumer.pause([{ topic }]);
    consumer.seek({ topic, partition: 0, offset: '1' });
    await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    // The event is for what was consumed, not for a seek.
    expect(commits.events).toEqual([]);
    consumer.resume([{ topic }]);
    await eventually(() => expect(values()).toEqual(['a', 'b', 'b']));
  });

  behaviour('without autoCommit a seek moves the reader and not the group', async (world) => {
    const { topic, consumer, values } = await readToTheEnd(world, ['a', 'b'], { autoCommit: false });
    consumer.seek({ topic, partition: 0, offset: '1' });
    await eventually(() => expect(values()).toEqual(['a', 'b', 'b']));
    consumer.seek({ topic, partition: 0, offset: '0' });
    await eventually(() => expect(values()).toEqual(['a', 'b', 'b', 'a', 'b']));
    expect(await world.committed(topic)).toBe('-1');
  });

  behaviour('a seek forward leaves out what lies between', async (world) => {
    const { topic, consumer, values } = await readToTheEnd(world, ['a']);
    consumer.pause([{ topic }]);
    await world.send(topic, 'b', 'c', 'd');
    consumer.seek({ topic, partition: 0, offset: '3' });
    consumer.resume([{ topic }]);
    await eventually(() => expect(values()).toEqual(['a', 'd']));
    await eventually(async () => expect(await world.committed(topic)).toBe('4'));
  });

  behaviour('a seek to the end waits for what comes', async (world) => {
    const { topic, consumer, values } = await readToTheEnd(world, ['a', 'b']);
    consumer.seek({ topic, partition: 0, offset: '2' });
    await world.send(topic, 'c');
    await eventually(() => expect(values()).toEqual(['a', 'b', 'c']));
  });

  behaviour('each partition is sought by itself', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(
      topic,
      ...[0, 1].flatMap((partition) =>
        ['a', 'b'].map((value) => ({ value: `${value}${partition}`, partition })),
      ),
    );
    const { consumer, values } = await world.listen(topic);
    await eventually(async () =>
      expect([await world.committed(topic, 0), await world.committed(topic, 1)]).toEqual(['2', '2']),
    );
    consumer.seek({ topic, partition: 0, offset: '0' });
    consumer.seek({ topic, partition: 1, offset: '1' });
    await eventually(() => expect(values().slice(4).toSorted()).toEqual(['a0', 'b0', 'b1']));
  });

  behaviour('a seek beyond the end begins where the subscription says: at the beginning', async (world) => {
    const { topic, consumer, values } = await readToTheEnd(world, ['a', 'b']);
    consumer.seek({ topic, partition: 0, offset: '100' });
    await eventually(() => expect(values()).toEqual(['a', 'b', 'a', 'b']));
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
  });

  behaviour('a seek beyond the end begins where the subscription says: at the end', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const { consumer, recorded: fetches } = recordingConsumer(world, ['FETCH']);
    const { values } = await world.listen(topic, { consumer, fromBeginning: false });
    consumer.seek({ topic, partition: 0, offset: '100' });
    // The literal -1 stands for the end, until something has been read.
    await eventually(async () => expect(await world.committed(topic)).toBe('-1'));
    const before = fetches.events.length;
    await eventually(() => expect(fetches.events.length).toBeGreaterThan(before + 2));
    await world.send(topic, 'c');
    await eventually(() => expect(values()).toEqual(['c']));
  });

  // Kafka stores the -1 or -2 as the group's offset, and kafkajs takes any negative one for 'none': -2 is not the
  // beginning and -1 not the end.
  behaviour('a seek to -2 or -1 with autoCommit begins where the subscription says', async (world) => {
    const seen: Record<string, readonly string[]> = {};
    for (const [fromBeginning, offset] of [
      [true, '-1'],
      [true, '-2'],
      [false, '-1'],
      [false, '-2'],
    ] as const) {
      const topic = await world.filledTopic('a');
      const config = { groupId: world.unique('group') };
      const { consumer, received } = await runThen(world, topic, { config, fromBeginning }, (running) =>
        running.seek({ topic, partition: 0, offset }),
      );
      const fetches = recordEvents(consumer, ['FETCH']);
      await eventually(() => expect(fetches.events.length).toBeGreaterThan(1));
      await world.send(topic, 'marker');
      await eventually(() => expect(received.at(-1)).toBe('marker'));
      seen[`${fromBeginning} ${offset}`] = received;
    }
    expect(seen).toEqual({
      'true -1': ['a', 'marker'],
      'true -2': ['a', 'marker'],
      'false -1': ['marker'],
      'false -2': ['marker'],
    });
  });

  behaviour('a seek to -2 or -1 without autoCommit begins at offset 0', async (world) => {
    for (const offset of ['-1', '-2']) {
      const topic = await world.filledTopic('a', 'b');
      const config = { groupId: world.unique('group') };
      const options = { config, fromBeginning: false, autoCommit: false };
      const { received } = await runThen(world, topic, options, (consumer) =>
        consumer.seek({ topic, partition: 0, offset }),
      );
      await eventually(() => expect(received).toEqual(['a', 'b']));
    }
  });

  behaviour('seeking what is not assigned, or does not exist, changes nothing', async (world) => {
    const { topic, consumer, values } = await readToTheEnd(world, ['a']);
    consumer.seek({ topic, partition: 7, offset: '0' });
    consumer.seek({ topic: world.unique('unknown'), partition: 0, offset: '0' });
    await world.send(topic, 'b');
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    expect(values()).toEqual(['a', 'b']);
  });

  behaviour('seek refuses what makes no sense, in this order', async (world) => {
    const consumer = world.consumer();
    const good = { topic: 't', partition: 0, offset: '1' };
    const refusal = (wrong: object) => {
      const { name, message, ...rest } = thrown(() => consumer.seek({ ...good, ...wrong }));
      expect([name, rest]).toEqual([
        'KafkaJSNonRetriableError',
        expect.objectContaining({ retriable: false }),
      ]);
      return message;
    };
    expect(refusal({ topic: '', partition: Number.NaN })).toBe('Invalid topic ');
    expect(refusal({ topic: undefined })).toBe('Invalid topic undefined');
    expect(refusal({ partition: Number.NaN, offset: 'x' })).toBe(
      'Invalid partition, expected a number received NaN',
    );
    expect(refusal({ partition: undefined })).toBe('Invalid partition, expected a number received undefined');
    expect(refusal({ offset: 'x' })).toBe('Invalid offset, expected a long received x');
    expect(refusal({ offset: '' })).toBe('Invalid offset, expected a long received ');
    expect(refusal({ offset: '1.5' })).toBe('Invalid offset, expected a long received 1.5');
    expect(refusal({ offset: undefined })).toBe('Invalid offset, expected a long received undefined');
    expect(refusal({ offset: null })).toBe('Invalid offset, expected a long received null');
    expect(refusal({ offset: '-3' })).toBe('Offset must not be a negative number');
    expect(refusal({})).toBe('Consumer group was not initialized, consumer#run must be called first');
  });

  behaviour('an offset may be a number or a bigint, and NaN stands for 0', async (world) => {
    const { topic, consumer, values } = await readToTheEnd(world, ['a', 'b']);
    const seek = (offset: unknown): void =>
      consumer.seek(Object.assign({ topic, partition: 0, offset: '0' }, { offset }));
    for (const offset of [1, 1n]) {
      const before = values().length;
      seek(offset);
      await eventually(() => expect(values().slice(before)).toEqual(['b']));
    }
    seek('NaN');
    await eventually(() => expect(values()).toEqual(['a', 'b', 'b', 'b', 'a', 'b']));
  });
};
