import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { recordEvents, recordingConsumer } from './event-record.ts';
import { listenActing, runThen } from './members.ts';
import { createDoor, eventually } from './waiting.ts';
import type { World } from './world.ts';

/** A consumer of two messages, whose handler pauses the partition when it has the first for the first time. */
const pauseAtFirst = async (world: World, afterwards: () => void = () => undefined) => {
  const topic = await world.filledTopic('a', 'b');
  const consumer = await world.subscribed(topic);
  const fetches = recordEvents(consumer, ['FETCH']);
  const received: string[] = [];
  let resume = (): void => undefined;
  await consumer.run({
    eachMessage: async ({ message, pause }) => {
      received.push(String(message.value));
      if (received.length > 1) return;
      resume = pause();
      afterwards();
    },
  });
  return { topic, fetches, received, resume: () => resume() };
};

export const pausingInHandlers: Area = (behaviour) => {
  behaviour(
    'pause inside eachMessage ends the batch after that message, and resume continues behind it',
    async (world) => {
      const { topic, fetches, received, resume } = await pauseAtFirst(world);
      await eventually(async () => expect(await world.committed(topic)).toBe('1'));
      const before = fetches.events.length;
      await eventually(() => expect(fetches.events.length).toBeGreaterThan(before));
      expect(received).toEqual(['a']);
      resume();
      await eventually(() => expect(received).toEqual(['a', 'b']));
    },
  );

  behaviour('paused and resumed within one message, the batch continues', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const consumer = await world.subscribed(topic);
    const recorded = recordEvents(consumer, ['START_BATCH_PROCESS']);
    const received: string[] = [];
    await consumer.run({
      eachMessage: async ({ message, pause }) => {
        received.push(String(message.value));
        pause()();
      },
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    expect([received, recorded.events.length]).toEqual([['a', 'b'], 1]);
  });

  behaviour('pause and throw: no retry until it is resumed', async (world) => {
    const {
      fetches,
      received: attempts,
      resume,
    } = await pauseAtFirst(world, () => {
      throw new Error('not now');
    });
    await eventually(() => expect(attempts).toEqual(['a']));
    const before = fetches.events.length;
    await eventually(() => expect(fetches.events.length).toBeGreaterThan(before + 2));
    expect(attempts).toEqual(['a']);
    resume();
    await eventually(() => expect(attempts).toEqual(['a', 'a', 'b']));
  });

  behaviour('pause inside eachBatch lets the batch in hand pass, and nothing behind it', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const consumer = await world.subscribed(topic);
    const fetches = recordEvents(consumer, ['FETCH']);
    const received: string[][] = [];
    let resume = (): void => undefined;
    await consumer.run({
      eachBatch: async ({ batch, pause }) => {
        received.push(batch.messages.map(({ value }) => String(value)));
        if (received.length === 1) resume = pause();
      },
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('2'));
    await world.send(topic, 'c');
    const before = fetches.events.length;
    await eventually(() => expect(fetches.events.length).toBeGreaterThan(before + 1));
    expect(received).toEqual([['a', 'b']]);
    resume();
    await eventually(() => expect(received).toEqual([['a', 'b'], ['c']]));
  });

  behaviour(
    'what was fetched before its partition was paused begins with one message and breaks off',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const both = [0, 1].flatMap((partition) => ['a', 'b', 'c'].map((value) => ({ value, partition })));
      await world.send(topic, ...both);
      const { consumer, seen } = await listenActing(world, topic, (listener, { partition }, before) => {
        if (before.length === 1) listener.pause([{ topic, partitions: [1 - partition] }]);
      });
      await eventually(() => expect(seen).toHaveLength(4));
      expect(seen).toEqual(['a', 'b', 'c', 'a']);
      consumer.resume([{ topic }]);
      await eventually(() => expect(seen).toEqual(['a', 'b', 'c', 'a', 'b', 'c']));
    },
  );

  behaviour(
    'what a fetch under way brings from a partition paused meanwhile is thrown away, and read later',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const { consumer, recorded: fetches } = recordingConsumer(world, ['FETCH_START'], {
        maxWaitTimeInMs: 400,
      });
      const { values } = await world.listen(topic, { consumer });
      await eventually(() => expect(fetches.events.length).toBeGreaterThan(0));
      consumer.pause([{ topic, partitions: [0] }]);
      await world.send(topic, { value: 'held', partition: 0 });
      await world.send(topic, { value: 'read', partition: 1 });
      await eventually(() => expect(values()).toEqual(['read']));
      consumer.resume([{ topic }]);
      await eventually(() => expect(values()).toEqual(['read', 'held']));
    },
  );

  behaviour('pause while run() is still joining holds from the first message on', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { value: 'held', partition: 0 }, { value: 'read', partition: 1 });
    const { consumer, received } = await runThen(world, topic, {}, (running) => {
      running.pause([{ topic, partitions: [0] }]);
      // Nothing is assigned yet.
      expect(running.paused()).toEqual([]);
    });
    expect(consumer.paused()).toEqual([{ topic, partitions: [0] }]);
    await eventually(() => expect(received).toEqual(['read']));
  });

  behaviour(
    'partitions that pause themselves while they are handled at once end with their message',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const consumer = world.consumer();
      const door = createDoor();
      const seen: string[] = [];
      await world.send(topic, ...[0, 1, 0, 1].map((partition) => ({ value: String(partition), partition })));
      await world.listen(topic, {
        consumer,
        partitionsConsumedConcurrently: 2,
        onMessage: async ({ value, partition }) => {
          seen.push(value);
          consumer.pause([{ topic, partitions: [partition] }]);
          await door.opened;
        },
      });
      await eventually(() => expect(seen.toSorted()).toEqual(['0', '1']));
      expect(consumer.paused()).toEqual([{ topic, partitions: [0, 1] }]);
      door.open();
      await eventually(async () =>
        expect([await world.committed(topic, 0), await world.committed(topic, 1)]).toEqual(['1', '1']),
      );
    },
  );

  behaviour(
    'no message is begun after the call of pause(), also if it has arrived in that moment',
    async (world) => {
      const topic = await world.createTopic({ partitions: 2 });
      const { consumer, values } = await world.listen(topic);
      const held = (): number => values().filter((value) => value === 'held').length;
      for (const round of [1, 2, 3]) {
        await world.send(topic, { value: 'held', partition: 0 });
        consumer.pause([{ topic, partitions: [0] }]);
        const before = held();
        await world.send(topic, { value: `marker ${round}`, partition: 1 });
        await eventually(() => expect(values()).toContain(`marker ${round}`));
        expect(held()).toBe(before);
        consumer.resume([{ topic }]);
        await eventually(() => expect(held()).toBe(round));
      }
    },
  );
};
