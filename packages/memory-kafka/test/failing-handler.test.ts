import { expect, test } from '@jest/globals';
import { inTimedWorld, listen } from './support.ts';

test(
  'on a stopped clock the wait between attempts is exactly as configured',
  inTimedWorld(async (world, clock) => {
    await world.createTopic('backoff', 2);
    const attempts: number[] = [];
    const start = clock.wallClock();
    const { values } = await listen(world, 'backoff', {
      config: { retry: { initialRetryTime: 100, factor: 0, multiplier: 3, retries: 5, maxRetryTime: 500 } },
      onMessage: (received) => {
        if (received.value !== 'bad') return;
        attempts.push(clock.wallClock() - start);
        if (attempts.length < 4) throw new Error('not yet');
      },
    });
    await world.send('backoff', { value: 'bad', partition: 0 });
    await clock.settle();
    await world.send('backoff', { value: 'good', partition: 1 });
    await clock.advance(99);
    expect([attempts, values()]).toEqual([[0], []]);
    await clock.advance(1000);
    expect(attempts).toEqual([0, 100, 400, 900]);
    expect(values().toSorted()).toEqual(['bad', 'good']);
  }),
);
