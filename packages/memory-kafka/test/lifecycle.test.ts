import { expect, test } from '@jest/globals';
import { committed, eventually, inTimedWorld, listen } from './support.ts';

test(
  'nothing is left to wait for after the disconnects',
  inTimedWorld(async (world, clock) => {
    const { consumer } = await listen(world, 'left');
    await world.send('left', 'a');
    await eventually(() => expect(committed(world, 'left')).toBe(1));
    await clock.settle();
    expect(clock.pending()).toBeGreaterThan(0);
    await consumer.disconnect();
    await world.producer.disconnect();
    expect(clock.pending()).toBe(0);
  }),
);
