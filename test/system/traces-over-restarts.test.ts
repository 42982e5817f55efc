import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { type DeadLetter } from '@order-pipeline/contracts';
import { startSystem, type System } from '@order-pipeline/launcher';
import {
  createTestRuntime,
  eventually,
  startCollector,
  times,
  type CollectedSpan,
} from '@order-pipeline/testing';
import { useFixture } from '@order-pipeline/testing/fixtures';
import { createGateway, unique, type Gateway } from '../gateway.ts';
import { openOrdersDatabase, type OrdersDatabase } from './fixtures.ts';
import { linesOf, PLACING, REDRIVEN_WAY, shippingAt, treeOf, WAY } from './trace-tree.ts';

const WAIT = { timeoutMs: 60_000 };

const runtime = createTestRuntime();
const userId = unique('user');
const itemId = unique('item');

const data = useFixture(
  async () => ({ dir: await mkdtemp(path.join(tmpdir(), 'order-pipeline-traces-')) }),
  ({ dir }) => rm(dir, { recursive: true, force: true }),
);
const collector = useFixture(startCollector, ({ close }) => close());

interface Started {
  readonly system: System;
  readonly gateway: Gateway;
  stop(): Promise<void>;
}

/** One process after the other on the same data; each with a broker of its own, so that what was published is lost. */
const start = async (more: Record<string, string> = {}): Promise<Started> => {
  const system = await startSystem({
    environment: {
      PORT: '0',
      DATA_DIR: data.dir,
      WORKFLOW_INTERVAL_MS: '300',
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'fatal',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      ...more,
    },
    durability: 'off',
    runtime,
  });
  const gateway = createGateway(system.url);
  return {
    system,
    gateway,
    stop: async () => {
      await gateway.close();
      await system.stop();
    },
  };
};

const spansOf = (orderId: string): CollectedSpan[] => {
  const known = collector.spans.find(({ attributes }) => attributes['order.id'] === orderId);
  return collector.spans.filter(({ traceId }) => traceId === known?.traceId);
};

const becomes = (orderId: string, tree: string): Promise<void> =>
  eventually(() => expect(treeOf(spansOf(orderId))).toEqual(linesOf(tree)), WAIT);

const place = async ({ gateway }: Started): Promise<string> => {
  const orderId = unique('order');
  expect((await gateway.place(orderId, userId, { [itemId]: 1 })).status).toBe(201);
  return orderId;
};

const inOrdersDatabase = async (
  started: Started,
  work: (database: OrdersDatabase) => Promise<unknown>,
): Promise<void> => {
  const database = await openOrdersDatabase(started);
  try {
    await work(database);
  } finally {
    await database.end();
  }
};

const letterOf = ({ gateway }: Started, orderId: string): Promise<DeadLetter> =>
  eventually(async () => {
    const { body } = await gateway.get(`/ops/dead-letters?orderId=${orderId}&status=OPEN`);
    const letter = (body as DeadLetter[]).at(-1);
    if (!letter) throw new Error('there is no open letter');
    return letter;
  }, WAIT);

const failuresOf = (orderId: string): number => spansOf(orderId).filter(({ failed }) => failed).length;

test('what is published again and what is redriven continues in the trace of its order, also after a restart', async () => {
  const first = await start();
  await first.gateway.addUser(userId);
  await first.gateway.addItem(itemId, 1_000);
  await inOrdersDatabase(first, ({ refuseShipping }) => refuseShipping());
  const failing = await place(first);
  const { letterId } = await letterOf(first, failing);
  const stop = runtime.stopAt('worker.afterMoveBeforePublish');
  const moved = await place(first);
  await stop.reached;
  await first.stop();

  // Its broker has lost everything: the events of both orders are published again, and one fails once more.
  const second = await start();
  await eventually(() => expect(failuresOf(failing)).toBe(2), WAIT);
  await eventually(() => expect(failuresOf(moved)).toBe(1), WAIT);
  await inOrdersDatabase(second, ({ allowShipping }) => allowShipping());
  for (const id of [letterId, (await letterOf(second, moved)).letterId])
    await second.gateway.post(`/ops/dead-letters/${id}/redrive`, { by: 'ann', note: 'fixed' });
  for (const orderId of [failing, moved]) await second.gateway.reaches(orderId, 'DELIVERED', WAIT.timeoutMs);
  await becomes(
    failing,
    `${REDRIVEN_WAY}
    orders: publish ORDER_PROCESSING
     shipping: process ORDER_PROCESSING failed`,
  );
  // What the process was doing that stopped with it has no end.
  await becomes(
    moved,
    `${PLACING}
    orders: publish ORDER_PROCESSING
     shipping: process ORDER_PROCESSING failed
      orders: redrive ORDER_PROCESSING
${shippingAt(7)}`,
  );
  await second.stop();
}, 180_000);

test('half of the orders sampled: each is traced from the gateway to its delivery, or nowhere', async () => {
  const system = await start({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' });
  const orderIds = await Promise.all(times(40, () => place(system)));
  for (const orderId of orderIds) await system.gateway.reaches(orderId, 'DELIVERED', WAIT.timeoutMs);
  const whole = linesOf(WAY).length;
  const areWholeOrNothing = () => {
    const counts = new Set(orderIds.map((orderId) => spansOf(orderId).length));
    expect([...counts].toSorted((a, b) => a - b)).toEqual([0, whole]);
  };
  await eventually(areWholeOrNothing, WAIT);
  // It sends what it still has.
  await system.stop();
  areWholeOrNothing();
}, 120_000);
