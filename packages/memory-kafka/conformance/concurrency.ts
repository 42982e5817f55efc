import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { recordingConsumer } from './event-record.ts';
import { listenWithTwoInHand } from './members.ts';
import { createDoor, eventually } from './waiting.ts';
import type { ListenOptions } from './listening.ts';
import type { World } from './world.ts';

/** A topic with `each` messages in each of its partitions: '0:0', '0:1', …, '1:0', … */
const filledTopic = async (world: World, partitions: number, each: number): Promise<string> => {
  const topic = await world.createTopic({ partitions });
  const messages = Array.from({ length: partitions * each }, (_, index) => {
    const partition = Math.floor(index / each);
    return { partition, value: `${partition}:${index % each}` };
  });
  await world.send(topic, ...messages);
  return topic;
};

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** How many partitions, and how many messages of one partition, were ever in hand at once; and the order of all. */
const watch = async (world: World, topic: string, total: number, options: ListenOptions = {}) => {
  const busy = new Map<number, number>();
  const seen = { most: 0, mostInOne: 0, order: new Array<string>() };
  await world.listen(topic, {
    ...options,
    onMessage: async ({ partition, value }) => {
      busy.set(partition, (busy.get(partition) ?? 0) + 1);
      seen.mostInOne = Math.max(seen.mostInOne, ...busy.values());
      seen.most = Math.max(seen.most, [...busy.values()].filter((count) => count > 0).length);
      seen.order.push(value);
      await nextTurn();
      busy.set(partition, (busy.get(partition) ?? 0) - 1);
    },
  });
  await eventually(() => expect(seen.order).toHaveLength(total));
  return seen;
};

const inPartition = (order: readonly string[], partition: number): string[] =>
  order.filter((value) => value.startsWith(`${partition}:`));

const takingTurns: Area = (behaviour) => {
  behaviour('by default partitions take turns, a whole batch each', async (world) => {
    const topic = await filledTopic(world, 3, 3);
    const seen = await watch(world, topic, 9);
    expect([seen.most, seen.mostInOne]).toEqual([1, 1]);
    const turns = [seen.order.slice(0, 3), seen.order.slice(3, 6), seen.order.slice(6)];
    expect(turns.map((turn) => turn.join(' ')).toSorted()).toEqual([
      '0:0 0:1 0:2',
      '1:0 1:1 1:2',
      '2:0 2:1 2:2',
    ]);
  });

  behaviour('which partition of a fetch comes first is drawn anew each time', async (world) => {
    const topic = await filledTopic(world, 4, 1);
    const consumer = await world.subscribed(topic);
    const order: number[] = [];
    // Nothing is ever resolved, so every fetch brings all four.
    await consumer.run({
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch }) => void order.push(batch.partition),
    });
    await eventually(() => expect(order.length).toBeGreaterThan(100));
    await consumer.disconnect();
    const firsts = new Set(order.filter((_partition, index) => index % 4 === 0));
    expect(firsts.size).toBeGreaterThan(1);
  });

  behaviour('a slow partition holds up the others until its batch is through', async (world) => {
    const topic = await filledTopic(world, 2, 1);
    const door = createDoor();
    const { consumer, recorded: fetches } = recordingConsumer(world, ['FETCH_START']);
    const { values } = await world.listen(topic, {
      consumer,
      partitionsConsumedConcurrently: 2,
      onMessage: async ({ value }) => {
        if (value === '0:0') await door.opened;
      },
    });
    await eventually(() => expect(values()).toEqual(['1:0']));
    const before = fetches.events.length;
    await world.send(topic, { value: '1:1', partition: 1 });
    // Another group reads it meanwhile; this member does not even ask.
    const other = await world.listen(topic, { config: { groupId: world.unique('other') } });
    await eventually(() => expect(other.values()).toContain('1:1'));
    expect([values(), fetches.events.length]).toEqual([['1:0'], before]);
    door.open();
    await eventually(() => expect(values()).toEqual(['1:0', '0:0', '1:1']));
  });

  behaviour('a member that is slow does not hold up the others of its group', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    const door = createDoor();
    const onMessage = async ({ value }: { value: string }): Promise<void> => {
      if (value === 'slow') await door.opened;
    };
    const config = { heartbeatInterval: 50 };
    const [one, two] = [
      await world.listen(topic, { config, onMessage }),
      await world.listen(topic, { config, onMessage }),
    ];
    await eventually(async () => {
      const { members } = await one.consumer.describeGroup();
      expect(members.map(({ memberAssignment }) => memberAssignment.length > 0)).toEqual([true, true]);
    });
    await world.send(topic, { partition: 0, value: 'slow' });
    for (const value of ['a', 'b', 'c']) await world.send(topic, { partition: 1, value });
    await eventually(() => expect([...one.values(), ...two.values()]).toEqual(['a', 'b', 'c']));
    door.open();
    await eventually(() => expect([...one.values(), ...two.values()]).toContain('slow'));
  });
};

const sideBySide: Area = (behaviour) => {
  behaviour(
    'partitionsConsumedConcurrently is a cap, and a partition is never in hand twice',
    async (world) => {
      const topic = await filledTopic(world, 5, 4);
      const seen = await watch(world, topic, 20, { partitionsConsumedConcurrently: 2 });
      expect([seen.most, seen.mostInOne]).toEqual([2, 1]);
    },
  );

  behaviour('more workers than partitions handle each partition once at a time', async (world) => {
    const topic = await filledTopic(world, 3, 5);
    const seen = await watch(world, topic, 15, { partitionsConsumedConcurrently: 10 });
    expect([seen.most, seen.mostInOne]).toEqual([3, 1]);
  });

  behaviour('within a partition the order is kept, however many are consumed at once', async (world) => {
    const topic = await filledTopic(world, 4, 5);
    const seen = await watch(world, topic, 20, { partitionsConsumedConcurrently: 3 });
    for (const partition of [0, 1, 2, 3]) {
      expect(inPartition(seen.order, partition)).toEqual(
        [0, 1, 2, 3, 4].map((index) => `${partition}:${index}`),
      );
    }
  });

  behaviour('as soon as one worker is free it takes the next partition', async (world) => {
    const topic = await filledTopic(world, 3, 1);
    const doors = [createDoor(), createDoor(), createDoor()];
    const started: number[] = [];
    await world.listen(topic, {
      partitionsConsumedConcurrently: 2,
      onMessage: async ({ partition }) => {
        started.push(partition);
        await doors[partition]?.opened;
      },
    });
    await eventually(() => expect(started).toHaveLength(2));
    // The one that was taken second is done first, the first is still at it.
    doors[started[1] ?? 0]?.open();
    await eventually(() => expect(started).toHaveLength(3));
    expect(new Set(started).size).toBe(3);
    for (const door of doors) door.open();
  });

  behaviour('batches of several partitions are handled side by side as well', async (world) => {
    const topic = await filledTopic(world, 2, 2);
    const consumer = await world.subscribed(topic);
    const doors = [createDoor(), createDoor()];
    const inHand = new Set<number>();
    await consumer.run({
      partitionsConsumedConcurrently: 2,
      eachBatch: async ({ batch }) => {
        inHand.add(batch.partition);
        await doors[batch.partition]?.opened;
      },
    });
    await eventually(() => expect(inHand).toEqual(new Set([0, 1])));
    for (const door of doors) door.open();
    await eventually(async () => expect(await world.committed(topic, 1)).toBe('2'));
  });

  behaviour('a partition that is through is committed while another is still at it', async (world) => {
    const topic = await filledTopic(world, 2, 2);
    const door = createDoor();
    await world.listen(topic, {
      partitionsConsumedConcurrently: 2,
      onMessage: async ({ value }) => {
        if (value === '0:1') await door.opened;
      },
    });
    await eventually(async () => expect(await world.committed(topic, 1)).toBe('2'));
    // The commit took along what was resolved of the other one.
    expect(Number(await world.committed(topic, 0))).toBeLessThan(2);
    door.open();
    await eventually(async () => expect(await world.committed(topic, 0)).toBe('2'));
  });

  behaviour(
    'when one of several at once fails, the others finish, and only it comes again',
    async (world) => {
      const topic = await filledTopic(world, 3, 1);
      const tried: string[] = [];
      const { values } = await world.listen(topic, {
        partitionsConsumedConcurrently: 3,
        onMessage: ({ value }) => {
          tried.push(value);
          if (value === '1:0' && tried.filter((each) => each === value).length === 1) throw new Error('once');
        },
      });
      await eventually(() => expect(values()).toHaveLength(3));
      expect(tried.toSorted()).toEqual(['0:0', '1:0', '1:0', '2:0']);
    },
  );

  behaviour('two that fail at once count as one failure', async (world) => {
    const topic = await filledTopic(world, 2, 1);
    const failed = new Set<string>();
    const { consumer, recorded: crashes } = recordingConsumer(world, ['CRASH'], {
      retry: { retries: 1, initialRetryTime: 20 },
    });
    const { values } = await world.listen(topic, {
      consumer,
      partitionsConsumedConcurrently: 2,
      onMessage: ({ value }) => {
        if (failed.has(value)) return;
        failed.add(value);
        throw new Error(`once at ${value}`);
      },
    });
    await eventually(() => expect(values().toSorted()).toEqual(['0:0', '1:0']));
    expect(crashes.events).toEqual([]);
  });

  behaviour('disconnect() waits for all that are in hand', async (world) => {
    const topic = await filledTopic(world, 3, 2);
    const { consumer, values, started, door } = await listenWithTwoInHand(world, topic);
    const ended = consumer.disconnect().then(() => values().length);
    await nextTurn();
    door.open();
    expect(await ended).toBe(2);
    expect(started).toHaveLength(2);
  });
};

export const concurrency: Area = (behaviour) => {
  takingTurns(behaviour);
  sideBySide(behaviour);
};
