import { expect } from '@jest/globals';
import type { Area } from './behaviour.ts';
import { failAt } from './failing-handler.ts';
import { recordEvents, recordingConsumer } from './event-record.ts';
import { eventually } from './waiting.ts';

const waiting: Area = (behaviour) => {
  behaviour('the wait grows from attempt to attempt, up to a limit', async (world) => {
    const topic = await world.filledTopic('a');
    const retry = { initialRetryTime: 50, factor: 0, multiplier: 4, retries: 5, maxRetryTime: 300 };
    const attempts: number[] = [];
    const { values } = await world.listen(topic, {
      config: { retry },
      onMessage: () => {
        attempts.push(performance.now());
        if (attempts.length < 5) throw new Error('not yet');
      },
    });
    await eventually(() => expect(values()).toEqual(['a']));
    const waits = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    for (const [index, expected] of [50, 200, 300, 300].entries()) {
      // Never before its time, save for the millisecond that a timer may be early; how late is up to the machine.
      expect(waits[index]).toBeGreaterThan(expected - 2);
    }
    expect(waits[3]).toBeLessThan(1200);
  });

  behaviour('where NODE_ENV is test the first wait that nobody set is a short one', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = world.keep(
      world.another({ retry: {} }).consumer({ groupId: world.groupId, retry: { retries: 0 } }),
    );
    const recorded = recordEvents(consumer, ['CRASH']);
    const { values } = await world.listen(topic, { consumer, onMessage: failAt('a', 1) });
    await eventually(() => expect(values()).toEqual(['a']));
    // 50 ms, give or take 2 %; in production it is 300 ms, give or take 20 %.
    const { error } = recorded.payloads('CRASH')[0] as { error: { retryTime: number } };
    expect(error.retryTime).toBeGreaterThanOrEqual(49);
    expect(error.retryTime).toBeLessThanOrEqual(51);
  });

  behaviour('while it waits the consumer fetches nothing from any partition', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    await world.send(topic, { partition: 0, value: 'bad' });
    const { consumer, recorded: fetches } = recordingConsumer(world, ['FETCH_START'], {
      retry: { initialRetryTime: 300, factor: 0, retries: 5 },
    });
    const seen: string[] = [];
    const before: number[] = [];
    await world.listen(topic, {
      consumer,
      onMessage: async ({ value }) => {
        seen.push(value);
        before.push(fetches.events.length);
        if (seen.length === 1) {
          await world.send(topic, { partition: 1, value: 'good' });
          throw new Error('once');
        }
      },
    });
    await eventually(() => expect(seen.toSorted()).toEqual(['bad', 'bad', 'good']));
    // Both come with one fetch, the one after the wait.
    expect(before.slice(1)).toEqual([(before[0] ?? 0) + 1, (before[0] ?? 0) + 1]);
  });

  behaviour('a failure in one partition lets the others of the same fetch finish first', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    for (const partition of [0, 1]) {
      await world.send(topic, { partition, value: `${partition}a` }, { partition, value: `${partition}b` });
    }
    const { consumer, recorded: fetches } = recordingConsumer(world, ['FETCH']);
    const tried: string[] = [];
    let failing: number | undefined;
    let failedIn: number | undefined;
    await world.listen(topic, {
      consumer,
      onMessage: ({ partition, value }) => {
        // Whichever partition comes first.
        failing ??= partition;
        tried.push(`${partition === failing ? 'failing' : 'other'} ${value.slice(1)}`);
        if (partition !== failing) expect(fetches.events.length).toBe(failedIn);
        if (tried.length > 1) return;
        failedIn = fetches.events.length;
        throw new Error('once');
      },
    });
    const expected = ['failing a', 'other a', 'other b', 'failing a', 'failing b'];
    await eventually(() => expect(tried).toEqual(expected));
  });
};

const counting: Area = (behaviour) => {
  behaviour(
    'failures are counted since the last join: a success in between does not start anew',
    async (world) => {
      const topic = await world.filledTopic('a', 'b', 'c', 'd');
      const failed = new Set<string>();
      const { consumer, recorded: crashes } = recordingConsumer(world, ['CRASH'], {
        retry: { initialRetryTime: 20, maxRetryTime: 40, retries: 2 },
      });
      const { values } = await world.listen(topic, {
        consumer,
        onMessage: ({ value }) => {
          if (value === 'd' || failed.has(value)) return;
          failed.add(value);
          throw new Error(`once at ${value}`);
        },
      });
      await eventually(() => expect(values()).toEqual(['a', 'b', 'c', 'd']));
      expect(crashes.payloads('CRASH')).toMatchObject([{ error: { message: 'once at c', retryCount: 2 } }]);
    },
  );

  behaviour('another join starts the count anew', async (world) => {
    const topic = await world.createTopic();
    const config = { retry: { initialRetryTime: 20, retries: 1 }, heartbeatInterval: 50 };
    const { consumer, recorded } = recordingConsumer(world, ['CRASH', 'GROUP_JOIN'], config);
    const failed = new Set<string>();
    const { values } = await world.listen(topic, {
      consumer,
      onMessage: ({ value }) => {
        if (failed.has(value)) return;
        failed.add(value);
        throw new Error(`once at ${value}`);
      },
    });
    for (const value of ['a', 'b', 'c']) {
      await world.send(topic, value);
      await eventually(() => expect(values()).toContain(value));
      const joins = recorded.payloads('GROUP_JOIN').length;
      // Somebody comes and goes, so that the group is joined again.
      const guest = await world.listen(topic, { config });
      await guest.consumer.disconnect();
      await eventually(() => expect(recorded.payloads('GROUP_JOIN').length).toBeGreaterThan(joins + 1));
    }
    expect([values(), recorded.payloads('CRASH')]).toEqual([['a', 'b', 'c'], []]);
  });
};

export const backingOff: Area = (behaviour) => {
  waiting(behaviour);
  counting(behaviour);
};
