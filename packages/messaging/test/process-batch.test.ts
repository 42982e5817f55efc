import { expect, test } from '@jest/globals';
import { unavailable, type Runtime } from '@order-pipeline/service-kit';
import { createTestLogger, createTestRuntime } from '@order-pipeline/testing';
import { MAX_TRIES, processBatch, type ReceivedEvent, type ProcessOptions } from '../src/index.ts';
import { placed, TRACE } from './support.ts';

const event = (orderId: string, offset = '0'): ReceivedEvent => ({
  topic: 'ORDER_PLACED',
  partition: 0,
  offset,
  event: placed(orderId),
  trace: TRACE,
  id: `${orderId}:PENDING`,
  raw: { key: null, value: Buffer.from(orderId) },
});

interface Setup {
  handle: ProcessOptions['handle'];
  deadLetter?: ProcessOptions['deadLetter'];
  isOurs?: () => boolean;
  runtime?: Runtime;
}

const prepare = ({ handle, ...rest }: Setup) => {
  const batches: string[][] = [];
  const pauses: number[] = [];
  const aside: { offset: string; reason: string; tries: number }[] = [];
  const { logger } = createTestLogger();
  const options: ProcessOptions = {
    runtime: createTestRuntime({ random: () => 0 }),
    logger,
    pause: async (ms) => void pauses.push(ms),
    isOurs: () => true,
    deadLetter: async ({ offset }, _, failure) => void aside.push({ offset, ...failure }),
    ...rest,
    handle: async (events) => {
      batches.push(events.map((one) => one.event.orderId));
      await handle(events);
    },
  };
  return { options, batches, pauses, aside };
};

const failOn =
  (orderId: string, error: Error) =>
  async (events: readonly ReceivedEvent[]): Promise<void> => {
    if (events.some((one) => one.event.orderId === orderId)) throw error;
  };

test('a batch that is processed is processed once', async () => {
  const { options, batches } = prepare({ handle: async () => undefined });
  expect(await processBatch([event('a'), event('b')], options)).toBe(true);
  expect(batches).toEqual([['a', 'b']]);
});

test('an unavailable dependency is waited for however long it takes, and nothing goes to the dead letters', async () => {
  let failures = 0;
  const { options, batches, pauses, aside } = prepare({
    handle: async () => {
      failures += 1;
      if (failures <= MAX_TRIES * 20) throw unavailable('orders is down');
    },
  });
  expect(await processBatch([event('a'), event('b')], options)).toBe(true);
  expect(batches).toHaveLength(MAX_TRIES * 20 + 1);
  expect(aside).toEqual([]);
  // Longer and longer, but never more than two seconds.
  expect(pauses.slice(0, 3)).toEqual([25, 50, 100]);
  expect(Math.max(...pauses)).toBe(1_000);
});

test('a message that keeps failing goes to the dead letters alone, and those around it are processed', async () => {
  const { options, batches, aside } = prepare({ handle: failOn('b', new TypeError('no such thing')) });
  expect(await processBatch([event('a', '1'), event('b', '2'), event('c', '3')], options)).toBe(true);
  expect(aside).toEqual([{ offset: '2', reason: 'TypeError: no such thing', tries: MAX_TRIES }]);
  expect(batches).toEqual([['a', 'b', 'c'], ['a'], ...Array.from({ length: MAX_TRIES }, () => ['b']), ['c']]);
});

test('a message that fails only at first does not go to the dead letters', async () => {
  let tries = 0;
  const { options, aside } = prepare({
    handle: async () => {
      tries += 1;
      if (tries < MAX_TRIES) throw new Error('not yet');
    },
  });
  expect(await processBatch([event('a')], options)).toBe(true);
  expect(tries).toBe(MAX_TRIES);
  expect(aside).toEqual([]);
});

test('what is thrown without being an error is a reason too', async () => {
  const { options, aside } = prepare({
    handle: async () => {
      // oxlint-disable-next-line no-throw-literal -- this is what the test is about
      throw 'bad luck';
    },
  });
  expect(await processBatch([event('a')], options)).toBe(true);
  expect(aside).toMatchObject([{ reason: 'bad luck' }]);
});

test('a dead letter that Kafka does not take is tried until it does', async () => {
  let failures = 0;
  const aside: string[] = [];
  const { options } = prepare({
    handle: failOn('a', new Error('broken')),
    deadLetter: async ({ offset }) => {
      failures += 1;
      if (failures <= 30) throw unavailable('Kafka does not take messages');
      aside.push(offset);
    },
  });
  expect(await processBatch([event('a', '4')], options)).toBe(true);
  expect(aside).toEqual(['4']);
});

test.each<[string, Setup['handle'], boolean]>([
  ['while a dependency is unavailable', failOn('a', unavailable('orders is down')), false],
  ['while its dead letter is not taken', failOn('a', new Error('broken')), true],
])(
  'a batch that stops being ours %s is given up, for the member that has it now',
  async (_, handle, inDeadLetter) => {
    let ours = true;
    let pausesLeft = inDeadLetter ? MAX_TRIES + 3 : 3;
    const { options, aside } = prepare({
      handle,
      isOurs: () => ours,
      deadLetter: async () => {
        throw unavailable('Kafka does not take messages');
      },
    });
    const pause: ProcessOptions['pause'] = async () => {
      pausesLeft -= 1;
      ours = pausesLeft > 0;
    };
    expect(await processBatch([event('a')], { ...options, pause })).toBe(false);
    expect(aside).toEqual([]);
  },
);

test('of a batch that stops being ours while it is processed one by one, the rest is left', async () => {
  let ours = true;
  const { options, batches } = prepare({
    isOurs: () => ours,
    handle: async (events) => {
      if (events.length > 1) throw new Error('one of them is broken');
      ours = false;
    },
  });
  expect(await processBatch([event('a'), event('b')], options)).toBe(false);
  expect(batches).toEqual([['a', 'b'], ['a']]);
});

test('when the pause says that the group rebalances, the batch ends there', async () => {
  const { options } = prepare({ handle: failOn('a', unavailable('orders is down')) });
  const rebalancing = new Error('the group is rebalancing');
  const pause = async (): Promise<void> => {
    throw rebalancing;
  };
  await expect(processBatch([event('a')], { ...options, pause })).rejects.toBe(rebalancing);
});
