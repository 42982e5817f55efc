import { beforeAll, expect, test } from '@jest/globals';
import { createCluster, Kafka } from '@order-pipeline/memory-kafka';
import type { Broker } from '@order-pipeline/service-kit';
import { eventually, times } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { logLevel } from 'kafkajs';
import { useEvents } from './broker.ts';
import { waitingEvents, useHarness } from './harness.ts';

const WAIT = { timeoutMs: 30_000 };
/** So many orders that each partition has some. */
const ORDERS = 60;

const cluster = createCluster();
/** In memory whatever the other tests run on: no real one lets a partition lose its leader on demand. */
const broker: Broker = {
  durable: true,
  connect: (clientId) =>
    new Kafka({
      clientId,
      brokers: ['memory:9092'],
      cluster,
      logLevel: logLevel.NOTHING,
      retry: { retries: 1, initialRetryTime: 50 },
    }),
};

let item: string;

const postgres = useTestPostgres();
const harness = useHarness(postgres, { broker });
const reader = useEvents(broker, ['ORDER_PLACED']);

beforeAll(async () => {
  item = await harness.addItem(1_000_000);
});

const unpublished = (orderIds: readonly string[]): string[] =>
  orderIds.filter((orderId) => reader.about(orderId).length === 0);

const place = (): Promise<string[]> => Promise.all(times(ORDERS, () => harness.placed({ [item]: 1 })));

test('a partition without a leader holds up the orders of that partition alone', async () => {
  const fault = cluster.faults.refuse('Produce', 'LEADER_NOT_AVAILABLE', {
    topic: 'ORDER_PLACED',
    partition: 2,
    times: Infinity,
  });
  const early = await place();
  const late = await place();
  const all = [...early, ...late];
  await eventually(async () => {
    const waiting = await waitingEvents(harness);
    expect(waiting.length).toBeLessThan(all.length / 2);
    expect(waiting.toSorted()).toEqual(
      unpublished(all)
        .map((orderId) => `${orderId}:PENDING`)
        .toSorted(),
    );
  }, WAIT);
  expect(unpublished(late).length).toBeGreaterThan(0);
  fault.cancel();
  await eventually(() => expect(unpublished(all)).toEqual([]), WAIT);
  await eventually(async () => expect(await waitingEvents(harness)).toEqual([]), WAIT);
}, 90_000);
