import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { listenActing, readToTheEnd } from './members.ts';
import { createDoor, eventually } from './waiting.ts';

export const seekingInHandlers: Area = (behaviour) => {
  behaviour('a seek in eachMessage breaks the batch off', async (world) => {
    const topic = await world.filledTopic('a', 'b', 'c', 'd');
    const { seen } = await listenActing(world, topic, (consumer, { value }) => {
      if (value === 'b') consumer.seek({ topic, partition: 0, offset: '3' });
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('4'));
    expect(seen).toEqual(['a', 'b', 'd']);
  });

  behaviour('a seek in eachMessage to the message in hand hands it over again', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const { seen } = await listenActing(world, topic, (consumer, _, before) => {
      if (before.length === 1) consumer.seek({ topic, partition: 0, offset: '0' });
    });
    await eventually(() => expect(seen).toEqual(['a', 'a', 'b']));
  });

  behaviour('a seek in eachMessage of another partition does not disturb this one', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const { seen } = await listenActing(world, topic, (consumer, { value }) => {
      if (value === 'a') consumer.seek({ topic, partition: 1, offset: '0' });
    });
    await world.send(
      topic,
      { value: 'a', partition: 0 },
      { value: 'b', partition: 0 },
      { value: 'c', partition: 0 },
    );
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  behaviour('a seek makes the batch stale that eachBatch has in hand, and only that', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { value: 'a', partition: 0 });
    const consumer = await world.subscribed(topic);
    const stale: boolean[] = [];
    await consumer.run({
      eachBatch: async ({ isStale }) => {
        stale.push(isStale());
        if (stale.length > 1) return;
        consumer.seek({ topic, partition: 1, offset: '0' });
        stale.push(isStale());
        consumer.seek({ topic, partition: 0, offset: '0' });
        stale.push(isStale());
      },
    });
    await eventually(() => expect(stale).toEqual([false, false, true, false]));
  });

  behaviour('a failing message can be sought past', async (world) => {
    const topic = await world.filledTopic('a', 'poison', 'c');
    const { seen } = await listenActing(world, topic, (consumer, { value, message }) => {
      if (value !== 'poison') return;
      consumer.seek({ topic, partition: 0, offset: String(Number(message.offset) + 1) });
      throw new Error('poisoned');
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
    expect(seen).toEqual(['a', 'poison', 'c']);
  });

  behaviour('what arrives while a seek waits for its fetch is not lost and not doubled', async (world) => {
    const { topic, consumer, values } = await readToTheEnd(world, ['a', 'b'], {
      config: { maxWaitTimeInMs: 300 },
    });
    consumer.seek({ topic, partition: 0, offset: '1' });
    await world.send(topic, 'c');
    await eventually(() => expect(values()).toEqual(['a', 'b', 'b', 'c']));
    await world.send(topic, 'marker');
    await eventually(() => expect(values()).toEqual(['a', 'b', 'b', 'c', 'marker']));
  });

  behaviour('commitOffsets and then seek: the seek decides', async (world) => {
    const door = createDoor();
    const topic = await world.filledTopic('a', 'b', 'c');
    const consumer = world.consumer();
    let isBusy = false;
    const onMessage = (): Promise<void> => {
      isBusy = true;
      return door.opened;
    };
    const { values } = await world.listen(topic, { consumer, onMessage });
    await eventually(() => expect(isBusy).toBe(true));
    await consumer.commitOffsets([{ topic, partition: 0, offset: '3' }]);
    consumer.seek({ topic, partition: 0, offset: '1' });
    door.open();
    await eventually(() => expect(values()).toEqual(['a', 'b', 'c']));
    await eventually(async () => expect(await world.committed(topic)).toBe('3'));
  });

  behaviour(
    'after the call of seek() no other batch is begun, also if one has arrived in that moment',
    async (world) => {
      const topic = await world.createTopic();
      const consumer = world.consumer();
      const starts: (string | null)[] = [];
      let read = 0;
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        eachBatch: async ({ batch }) => {
          starts.push(batch.firstOffset());
          read = Number(batch.lastOffset()) + 1;
        },
      });
      for (const sent of [1, 2, 3, 4]) {
        await world.send(topic, String(sent));
        consumer.seek({ topic, partition: 0, offset: '0' });
        const before = starts.length;
        await eventually(() => expect(starts.length).toBeGreaterThan(before));
        expect(starts[before]).toBe('0');
        await eventually(() => expect(read).toBe(sent));
      }
    },
  );
};
