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
const prepare = (runtime: Runtime = hurried, orderIds: readonly string[] = []) => {
  const stored = orderIds.map(traced);
  const published: string[] = [];
  const sends: number[] = [];
  let kafkaIsDown = false;
  let failures = 0;
  const relay = startOutboxRelay({
    outbox: {
      publishNext: async (limit, publish) => {
        const next = stored.slice(0, limit);
        await publish(next);
        stored.splice(0, next.length);
        return next.length;
      },
    },
    publisher: {
      publish: async (events) => {
        if (kafkaIsDown) {
          failures += 1;
          throw new Error('Kafka is down');
        }
        sends.push(events.length);
        published.push(...events.map(({ event }) => event.orderId));
      },
      send: async () => undefined,
      disconnect: async () => undefined,
    },
    runtime,
    logger: createTestLogger().logger,
  });
  const setKafkaDown = (isDown: boolean) => {
    kafkaIsDown = isDown;
  };
  return { relay, stored, published, sends, setKafkaDown, failures: () => failures };
};

test('what is in the outbox at start is published, in batches one right after the other', async () => {
  const orderIds = Array.from({ length: 2_500 }, (_, index) => `order-${index}`);
  const { relay, published, sends } = prepare(hurried, orderIds);
  await eventually(() => expect(published).toEqual(orderIds), { timeoutMs: 2_000 });
  expect(sends.filter((size) => size > 0)).toEqual([1_000, 1_000, 500]);
  await relay.stop();
});

test('an event that is stored later is found without a wake', async () => {
  const { relay, stored, published } = prepare();
  stored.push(traced('order-1'));
  await eventually(() => expect(published).toEqual(['order-1']));
  await relay.stop();
});

/** In which no time passes until the wait that was begun last is told to end. */
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
  const { relay, stored, published } = prepare(runtime);
  await eventually(() => expect(waits).toMatchObject([{ ms: REST_MS }]));
  next();
  stored.push(traced('order-1'));
  relay.wake();
  await eventually(() => expect(published).toEqual(['order-1']));
  await relay.stop();
});

test('after a publish it rests, and what is stored meanwhile goes out together', async () => {
  const { runtime, waits, next } = createHeldTime();
  const { relay, stored, sends } = prepare(runtime);
  await eventually(() => expect(waits).toMatchObject([{ ms: REST_MS }]));
  for (const orderId of ['order-1', 'order-2']) {
    stored.push(traced(orderId));
    relay.wake();
  }
  expect(sends).toEqual([0]);
  next();
  await eventually(() => expect(sends).toEqual([0, 2]));
  await relay.stop();
});

test('while Kafka is down the events stay, and are published when it is back', async () => {
  const { relay, stored, published, setKafkaDown, failures } = prepare();
  setKafkaDown(true);
  stored.push(traced('order-1'));
  await eventually(() => expect(failures()).toBeGreaterThan(2));
  expect(stored).toHaveLength(1);
  expect(published).toEqual([]);
  setKafkaDown(false);
  await eventually(() => expect(published).toEqual(['order-1']));
  expect(stored).toEqual([]);
  await relay.stop();
});
