import { expect, test } from '@jest/globals';
import { createRuntime, type Runtime } from '@order-pipeline/service-kit';
import { createTestLogger, createTestRuntime, eventually } from '@order-pipeline/testing';
import { startOutboxRelay, type TracedEvent } from '../src/index.ts';
import { placed, TRACE } from './support.ts';

const traced = (orderId: string): TracedEvent => ({ event: placed(orderId), trace: TRACE });

const real = createRuntime();
/** In which what is done every few seconds is done ten times as often. */
const hurried = createTestRuntime({ after: (ms, fn) => real.after(ms / 10, fn) });

/** An outbox in a list, which gives up an event only when it is published. */
const prepare = (
  runtime: Runtime = hurried,
  orderIds: readonly string[] = [],
  {
    onRefused = () => undefined,
    leads = true,
  }: { readonly onRefused?: () => void; readonly leads?: boolean } = {},
) => {
  let ids = 0;
  const rowOf = (orderId: string) => ({ id: ids++, event: traced(orderId) });
  let stored = orderIds.map(rowOf);
  const published: string[] = [];
  const sends: number[] = [];
  /** Orders whose partitions take nothing. */
  const held = new Set<string>();
  const pages: number[] = [];
  let kafkaIsDown = false;
  let failures = 0;
  const relay = startOutboxRelay({
    outbox: {
      publishNext: async ({ limit, after = -1 }, publish) => {
        const next = stored.filter(({ id }) => id > Number(after)).slice(0, limit);
        pages.push(next.length);
        const staying = new Set(await publish(next.map(({ event }) => event)));
        const done = next.filter(({ event }) => !staying.has(event));
        stored = stored.filter((row) => !done.includes(row));
        return { taken: next.length, held: staying.size, last: next.at(-1)?.id.toString() };
      },
    },
    leads: () => leads,
    publisher: {
      publish: async (events) => {
        if (kafkaIsDown) {
          failures += 1;
          throw new Error('Kafka is down');
        }
        sends.push(events.length);
        const taken = events.filter(({ event }) => !held.has(event.orderId));
        published.push(...taken.map(({ event }) => event.orderId));
        if (taken.length < events.length) onRefused();
        return events.filter((event) => !taken.includes(event));
      },
    },
    runtime,
    logger: createTestLogger().logger,
  });
  const setKafkaDown = (isDown: boolean) => {
    kafkaIsDown = isDown;
  };
  const store = (orderId: string) => void stored.push(rowOf(orderId));
  const waiting = () => stored.map(({ event }) => event.event.orderId);
  return { relay, store, waiting, held, pages, published, sends, setKafkaDown, failures: () => failures };
};

test('what is in the outbox at start is published, in batches one right after the other', async () => {
  const orderIds = Array.from({ length: 2_500 }, (_, index) => `order-${index}`);
  const { relay, published, sends } = prepare(hurried, orderIds);
  await eventually(() => expect(published).toEqual(orderIds), { timeoutMs: 2_000 });
  expect(sends.filter((size) => size > 0)).toEqual([1_000, 1_000, 500]);
  await relay.stop();
});

test('an event that is stored later is found without a wake', async () => {
  const { relay, store, published } = prepare();
  store('order-1');
  await eventually(() => expect(published).toEqual(['order-1']));
  await relay.stop();
});

/** In which no time passes until the wait that was begun last is ended. */
const createHeldTime = () => {
  const waits: { readonly ms: number; readonly end: () => void }[] = [];
  const runtime = createTestRuntime({
    after: (ms, end) => {
      waits.push({ ms, end });
      return () => undefined;
    },
  });
  return { runtime, waits, next: () => waits.at(-1)?.end() };
};

const REST_MS = 100;

test('a wake publishes at once', async () => {
  const { runtime, waits, next } = createHeldTime();
  const { relay, store, published } = prepare(runtime);
  await eventually(() => expect(waits).toMatchObject([{ ms: REST_MS }]));
  next();
  store('order-1');
  relay.wake();
  await eventually(() => expect(published).toEqual(['order-1']));
  await relay.stop();
});

test('one that does not lead looks seldom, but for what it could not publish', async () => {
  const { runtime, waits, next } = createHeldTime();
  const { relay, store, setKafkaDown, failures } = prepare(runtime, [], { leads: false });
  const rest = async () => {
    await eventually(() => expect(waits.at(-1)).toMatchObject({ ms: REST_MS }));
    next();
    return waits.at(-1)?.ms;
  };
  expect(await rest()).toBe(9_900);
  setKafkaDown(true);
  store('order-1');
  relay.wake();
  await eventually(() => expect(failures()).toBe(1));
  expect(await rest()).toBe(400);
  setKafkaDown(false);
  next();
  expect(await rest()).toBe(9_900);
  await relay.stop();
});

test('after a publish it rests, and what is stored meanwhile goes out together', async () => {
  const { runtime, waits, next } = createHeldTime();
  const { relay, store, sends } = prepare(runtime);
  await eventually(() => expect(waits).toMatchObject([{ ms: REST_MS }]));
  for (const orderId of ['order-1', 'order-2']) {
    store(orderId);
    relay.wake();
  }
  expect(sends).toEqual([0]);
  next();
  await eventually(() => expect(sends).toEqual([0, 2]));
  await relay.stop();
});

test('while Kafka is down the events stay, and are published when it is back', async () => {
  const { relay, store, waiting, published, setKafkaDown, failures } = prepare();
  setKafkaDown(true);
  store('order-1');
  await eventually(() => expect(failures()).toBeGreaterThan(2));
  expect(waiting()).toEqual(['order-1']);
  expect(published).toEqual([]);
  setKafkaDown(false);
  await eventually(() => expect(published).toEqual(['order-1']));
  expect(waiting()).toEqual([]);
  await relay.stop();
});

const BATCH = 1_000;

test('events that stay do not keep those behind them waiting, and are published when their partition takes them', async () => {
  const stuck = Array.from({ length: 2 * BATCH + 1 }, (_, index) => `stuck-${index}`);
  const { relay, store, waiting, held, pages, published } = prepare(hurried);
  for (const orderId of stuck) held.add(orderId);
  for (const orderId of [...stuck, 'order-1']) store(orderId);
  relay.wake();
  await eventually(() => expect(published).toEqual(['order-1']));
  expect(waiting()).toEqual(stuck);
  // What comes later is behind them, and is found without going through all that stays.
  for (const orderId of ['order-2', 'order-3']) {
    const before = pages.length;
    store(orderId);
    relay.wake();
    await eventually(() => expect(published.at(-1)).toBe(orderId));
    expect(pages.slice(before)).toContain(1);
  }
  held.clear();
  await eventually(() => expect(published.slice(3)).toEqual(stuck), { timeoutMs: 10_000 });
  expect(waiting()).toEqual([]);
  await relay.stop();
});

test('events that stay are tried again soon, however long it took until Kafka had refused them', async () => {
  let now = 0;
  const { relay, store, held, pages, published } = prepare({ ...hurried, monotonic: () => now }, [], {
    onRefused: () => {
      now += 20_000;
    },
  });
  held.add('order-1');
  store('order-1');
  relay.wake();
  await eventually(() => expect(pages.slice(pages.indexOf(1)).length).toBeGreaterThan(2));
  held.clear();
  now += 2_000;
  await eventually(() => expect(published).toEqual(['order-1']));
  await relay.stop();
});
