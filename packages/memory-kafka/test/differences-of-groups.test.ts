import { expect, test } from '@jest/globals';
import { eventually, inTimedWorld, inWorld, listen, settle } from './support.ts';

// The rows of the README's table of differences that are about groups and their members.

test(
  'what arrives, is resumed or sought is read without waiting for maxWaitTimeInMs',
  inTimedWorld(async (world, clock) => {
    const { consumer, values } = await listen(world, 'prompt', { autoCommit: false });
    await clock.settle();
    await world.send('prompt', 'a');
    await eventually(() => expect(values()).toEqual(['a']));
    consumer.seek({ topic: 'prompt', partition: 0, offset: '0' });
    await eventually(() => expect(values()).toEqual(['a', 'a']));
    consumer.pause([{ topic: 'prompt' }]);
    await world.send('prompt', 'b');
    await clock.settle();
    consumer.resume([{ topic: 'prompt' }]);
    await eventually(() => expect(values()).toEqual(['a', 'a', 'b']));
  }),
);

test(
  'an idle consumer stops at once, without waiting for maxWaitTimeInMs',
  inTimedWorld(async (world, clock) => {
    const { consumer } = await listen(world, 'idle');
    await clock.settle();
    await consumer.disconnect();
    expect(world.cluster.inspect().groups[0]?.members).toEqual([]);
  }),
);

test(
  'a consumer that is stopped while it joins does not stay',
  inWorld(async (world) => {
    const consumer = world.consumer();
    await consumer.subscribe({ topics: ['joining'] });
    const running = consumer.run({ eachMessage: async () => undefined });
    await consumer.disconnect();
    await running;
    await settle();
    expect(world.cluster.inspect().groups[0]?.members ?? []).toEqual([]);
  }),
);
