import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { recordEvents, recordingConsumer } from './event-record.ts';
import { assignedTo, joinBusy, joinGroup, rebalancing, listenWithTwoInHand } from './members.ts';
import { createDoor, eventually } from './waiting.ts';

/** Whether a promise has settled yet. */
const watch = (promise: Promise<unknown>) => {
  let isOver = false;
  const over = promise.finally(() => {
    isOver = true;
  });
  return { over, isOver: () => isOver };
};

export const stopping: Area = (behaviour) => {
  for (const end of ['stop', 'disconnect'] as const) {
    behaviour(
      `${end}() waits for the handler in flight, starts no other message, and commits`,
      async (world) => {
        const topic = await world.filledTopic('a', 'b', 'c');
        const { consumer, door, started } = await joinBusy(world, topic);
        const ending = watch(consumer[end]());
        // A whole request later it still waits.
        expect(await world.committed(topic)).toBe('-1');
        expect(ending.isOver()).toBe(false);
        door.open();
        await ending.over;
        expect(started).toEqual(['a']);
        expect(await world.committed(topic)).toBe('1');
      },
    );

    behaviour(`${end}() without autoCommit commits nothing`, async (world) => {
      const topic = await world.filledTopic('a', 'b');
      const { consumer, values } = await world.listen(topic, { autoCommit: false });
      await eventually(() => expect(values()).toEqual(['a', 'b']));
      await consumer[end]();
      expect(await world.committed(topic)).toBe('-1');
    });

    behaviour(
      `${end}() in an eachBatch waits for it, lets it know, and commits what it returns with`,
      async (world) => {
        const topic = await world.filledTopic('a', 'b');
        const consumer = world.consumer();
        const [door, inHand] = [createDoor(), createDoor()];
        const running: boolean[] = [];
        await consumer.subscribe({ topics: [topic], fromBeginning: true });
        await consumer.run({
          eachBatch: async ({ isRunning }) => {
            running.push(isRunning());
            inHand.open();
            await door.opened;
            running.push(isRunning());
          },
        });
        await inHand.opened;
        const ending = consumer[end]();
        door.open();
        await ending;
        expect(running).toEqual([true, false]);
        expect(await world.committed(topic)).toBe('2');
      },
    );
  }

  behaviour(
    'a batch that ends unresolved when the consumer is stopped is delivered again to the next reader',
    async (world) => {
      const topic = await world.filledTopic('a', 'b', 'c');
      const consumer = world.consumer();
      const [door, inHand] = [createDoor(), createDoor()];
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        eachBatchAutoResolve: false,
        eachBatch: async ({ batch, resolveOffset, isRunning }) => {
          for (const { offset } of batch.messages) {
            if (!isRunning()) return;
            inHand.open();
            await door.opened;
            resolveOffset(offset);
          }
        },
      });
      await inHand.opened;
      const ending = consumer.stop();
      door.open();
      await ending;
      expect(await world.committed(topic)).toBe('1');
      const next = await world.listen(topic);
      await eventually(() => expect(next.values()).toEqual(['b', 'c']));
    },
  );

  behaviour('a heartbeat() after stop() was called still reaches the group', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = world.consumer({ heartbeatInterval: 1 });
    const [door, inHand] = [createDoor(), createDoor()];
    const recorded = recordEvents(consumer, ['HEARTBEAT']);
    const beats: number[] = [];
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ heartbeat }) => {
        inHand.open();
        await door.opened;
        const before = recorded.events.length;
        await eventually(async () => {
          await heartbeat();
          expect(recorded.events.length).toBeGreaterThan(before);
        });
        beats.push(recorded.events.length - before);
      },
    });
    await inHand.opened;
    const ending = consumer.stop();
    await world.committed(topic);
    door.open();
    await ending;
    expect(beats).toEqual([1]);
  });

  behaviour('commitOffsets() after stop() was called does nothing, and says so to nobody', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const { consumer, door } = await joinBusy(world, topic, { autoCommit: false });
    const ending = consumer.stop();
    await consumer.commitOffsets([{ topic, partition: 0, offset: '1' }]);
    expect(await world.committed(topic)).toBe('-1');
    door.open();
    await ending;
    expect(await world.committed(topic)).toBe('-1');
  });

  behaviour('a handler that fails while its consumer stops is not tried again', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const door = createDoor();
    const started: string[] = [];
    const { consumer, recorded } = recordingConsumer(world, ['CRASH', 'STOP']);
    await world.listen(topic, {
      consumer,
      onMessage: async ({ value }) => {
        started.push(value);
        await door.opened;
        throw new Error('while stopping');
      },
    });
    await eventually(() => expect(started).toEqual(['a']));
    const ending = consumer.stop();
    door.open();
    await ending;
    expect(started).toEqual(['a']);
    expect(recorded.keys()).toEqual(['STOP']);
    expect(await world.committed(topic)).toBe('-1');
  });

  behaviour('stop() during a back-off waits for its end, and for no other attempt', async (world) => {
    const topic = await world.filledTopic('a');
    const retry = { initialRetryTime: 400, factor: 0, retries: 5 };
    const attempts: number[] = [];
    const consumer = world.consumer({ retry });
    await world.listen(topic, {
      consumer,
      onMessage: () => {
        attempts.push(Date.now());
        throw new Error('not yet');
      },
    });
    await eventually(() => expect(attempts).toHaveLength(1));
    await consumer.stop();
    expect(Date.now() - (attempts[0] ?? 0)).toBeGreaterThanOrEqual(390);
    expect(attempts).toHaveLength(1);
  });

  behaviour('stop() can be called in a handler, if it is not awaited there', async (world) => {
    const topic = await world.filledTopic('a', 'b');
    const consumer = world.consumer();
    const ends: Promise<void>[] = [];
    const { values } = await world.listen(topic, {
      consumer,
      onMessage: () => void ends.push(consumer.stop()),
    });
    await eventually(() => expect(ends).toHaveLength(1));
    await Promise.all(ends);
    expect(values()).toEqual(['a']);
    expect(await world.committed(topic)).toBe('1');
  });

  behaviour('partitions handled at the same time all end before the stop', async (world) => {
    const topic = await world.createTopic({ partitions: 3 });
    await world.send(
      topic,
      ...[0, 1, 2, 0, 1, 2].map((partition) => ({ value: String(partition), partition })),
    );
    const { consumer, values, started, door } = await listenWithTwoInHand(world, topic);
    const ending = consumer.stop();
    door.open();
    await ending;
    // The third partition was fetched and waited for its turn: it never begins.
    expect(started).toHaveLength(2);
    expect(values().toSorted()).toEqual(started.toSorted());
  });

  behaviour('disconnect() while the group rebalances lets the others go on', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { value: '0', partition: 0 }, { value: '1', partition: 1 });
    const leaving = await joinBusy(world, topic);
    const joining = joinGroup(world, topic);
    await rebalancing(world);
    const ending = leaving.consumer.disconnect();
    leaving.door.open();
    await ending;
    const other = await joining;
    await eventually(() => expect(assignedTo(other, topic)).toHaveLength(2));
    await eventually(() => expect([...leaving.started, ...other.values()].toSorted()).toEqual(['0', '1']));
  });

  behaviour('members that leave together leave an empty group, and their commits', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { value: '0', partition: 0 }, { value: '1', partition: 1 });
    const members = [
      await joinGroup(world, topic),
      await joinGroup(world, topic),
      await joinGroup(world, topic),
    ];
    await eventually(async () =>
      expect([await world.committed(topic, 0), await world.committed(topic, 1)]).toEqual(['1', '1']),
    );
    await Promise.all(members.map(({ consumer }) => consumer.disconnect()));
    const { groups } = await world.admin.describeGroups([world.groupId]);
    expect(groups).toMatchObject([{ state: 'Empty', members: [] }]);
    expect([await world.committed(topic, 0), await world.committed(topic, 1)]).toEqual(['1', '1']);
  });

  behaviour('disconnect() while it waits for its restart calls that off', async (world) => {
    const topic = await world.filledTopic('a');
    const retry = { initialRetryTime: 300, factor: 0, retries: 0 };
    const { consumer, recorded } = recordingConsumer(world, ['CRASH', 'CONNECT'], { retry });
    const attempts: string[] = [];
    await world.listen(topic, {
      consumer,
      onMessage: ({ value }) => {
        attempts.push(value);
        throw new Error('not yet');
      },
    });
    await eventually(() => expect(recorded.payloads('CRASH')).toMatchObject([{ restart: true }]));
    await consumer.disconnect();
    const since = Date.now();
    await eventually(() => expect(Date.now() - since).toBeGreaterThan(500));
    expect([attempts, recorded.keys()]).toEqual([['a'], ['CONNECT', 'CRASH']]);
  });
};
