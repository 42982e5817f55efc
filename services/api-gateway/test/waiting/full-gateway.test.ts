import { expect, test } from '@jest/globals';
import type { OrderWithTimes } from '@order-pipeline/contracts';
import { ok, type CallContext } from '@order-pipeline/service-kit';
import { createManualTime, times } from '@order-pipeline/testing';
import { createOrderRead } from '../../src/waiting/order-reads.ts';
import { createWaiters } from '../../src/waiting/waiters.ts';

/** What an instance is documented to hold. */
const LIMIT = 10_000;

const order: OrderWithTimes = {
  orderId: 'order-1',
  userId: 'user11',
  items: [{ itemId: 'item1', quantity: 3 }],
  status: 'PENDING',
  createdAt: '2026-01-01T12:00:00.000Z',
  updatedAt: '2026-01-01T12:00:00.000Z',
};

test('where 10,000 wait the next is answered at once, as one that has not waited', async () => {
  const { runtime, advance } = createManualTime();
  const waiters = createWaiters({ runtime, findStatuses: async () => [] });
  const read = createOrderRead({ runtime, clients: { forward: (async () => ok(order)) as never } }, waiters, {
    order: async () => order,
  });
  const ask = () =>
    read(
      {
        params: { orderId: 'order-1' },
        query: { until: 'DELIVERED' },
        headers: { prefer: 'wait=30' },
      },
      {} as CallContext,
    );
  const waiting = times(LIMIT, ask);
  // All have read their order, and wait.
  await new Promise((resolve) => setImmediate(resolve));
  expect(waiters.count()).toBe(LIMIT);

  // No time passes.
  expect(await ask()).toEqual({ status: 200, body: order, headers: { etag: '"PENDING"' } });
  expect(waiters.count()).toBe(LIMIT);

  advance(30_000);
  const answers = await Promise.all(waiting);
  expect(new Set(answers.map(({ headers }) => headers?.['preference-applied']))).toEqual(
    new Set(['wait=30']),
  );
  expect(waiters.count()).toBe(0);
});
