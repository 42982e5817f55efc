import { expect, test } from '@jest/globals';
import { eventually, inWorld, listen, settle, type World } from './support.ts';

const fill = async (world: World, topic: string, partitions: number, each: number): Promise<void> => {
  await world.createTopic(topic, partitions);
  for (let partition = 0; partition < partitions; partition += 1) {
    const messages = Array.from({ length: each }, (_, i) => ({ value: `${partition}:${i}`, partition }));
    await world.send(topic, ...messages);
  }
};

const watchConcurrency = async (world: World, topic: string, total: number, concurrently?: number) => {
  const busy = new Map<number, number>();
  const seen = { most: 0, mostInOne: 0, order: new Array<string>() };
  await listen(world, topic, {
    ...(concurrently === undefined ? {} : { partitionsConsumedConcurrently: concurrently }),
    onMessage: async ({ partition, value }) => {
      busy.set(partition, (busy.get(partition) ?? 0) + 1);
      seen.mostInOne = Math.max(seen.mostInOne, ...busy.values());
      seen.most = Math.max(seen.most, [...busy.values()].filter((count) => count > 0).length);
      seen.order.push(value);
      await settle();
      busy.set(partition, (busy.get(partition) ?? 0) - 1);
    },
  });
  await eventually(() => expect(seen.order).toHaveLength(total));
  return seen;
};

test(
  'by default partitions take turns, a whole batch each',
  inWorld(async (world) => {
    await fill(world, 'turns', 3, 3);
    const seen = await watchConcurrency(world, 'turns', 9);
    expect([seen.most, seen.mostInOne]).toEqual([1, 1]);
    expect(seen.order).toEqual(['0:0', '0:1', '0:2', '1:0', '1:1', '1:2', '2:0', '2:1', '2:2']);
  }),
);

test(
  'partitionsConsumedConcurrently is a cap, and one partition is never handled twice at once',
  inWorld(async (world) => {
    await fill(world, 'capped', 5, 4);
    const seen = await watchConcurrency(world, 'capped', 20, 2);
    expect([seen.most, seen.mostInOne]).toEqual([2, 1]);
  }),
);

test(
  'a slow partition holds up the others until its batch is through',
  inWorld(async (world) => {
    await fill(world, 'slow', 2, 1);
    let finish: () => void = () => undefined;
    const { values } = await listen(world, 'slow', {
      partitionsConsumedConcurrently: 2,
      onMessage: async ({ value }) => {
        if (value === '0:0') await new Promise<void>((resolve) => (finish = resolve));
      },
    });
    await eventually(() => expect(values()).toEqual(['1:0']));
    await world.send('slow', { value: '1:1', partition: 1 });
    await settle();
    expect(values()).toEqual(['1:0']);
    finish();
    await eventually(() => expect(values()).toEqual(['1:0', '0:0', '1:1']));
  }),
);

test(
  'a failure in one partition lets the others of the same fetch finish first',
  inWorld(async (world) => {
    await fill(world, 'others', 2, 2);
    const tried: string[] = [];
    await listen(world, 'others', {
      onMessage: ({ value }) => {
        tried.push(value);
        if (value === '0:0' && tried.length === 1) throw new Error('once');
      },
    });
    await eventually(() => expect(tried).toEqual(['0:0', '1:0', '1:1', '0:0', '0:1']));
  }),
);
