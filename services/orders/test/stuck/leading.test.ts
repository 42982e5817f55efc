import { expect, test } from '@jest/globals';
import { reservationsApi, type Operation } from '@order-pipeline/contracts';
import { createTestLogger, createTestRuntime, eventually } from '@order-pipeline/testing';
import type { WaitingOrder } from '../../src/store/index.ts';
import { startStuckWatch, type StuckWatchOptions } from '../../src/stuck/watch.ts';

const LONG_AGO = new Date(Date.now() - 3_600_000);

const ORDER: WaitingOrder = {
  id: 'order-1',
  seq: 1,
  userId: 'user-1',
  status: 'PENDING',
  lines: [{ itemId: 'item-1', quantity: 1 }],
  reservationId: 'lost',
  createdAt: LONG_AGO,
  updatedAt: LONG_AGO,
  isInOutbox: false,
  hasDeadLetter: false,
  isAhead: false,
};

/** A watch of an order for which no stock is held, nor is there any. */
const watchWithoutStock = (leads: () => boolean) => {
  const counts = { looks: 0, reservations: 0 };
  const runtime = createTestRuntime();
  const watch = startStuckWatch({
    afterMs: 1_000,
    leads,
    store: {
      findWaiting: async () => {
        counts.looks += 1;
        return [ORDER];
      },
      findOrders: async () => new Map([[ORDER.id, ORDER]]),
      findLocked: async () => [],
    } as unknown as StuckWatchOptions['store'],
    clients: {
      call: async (operation: Operation) => {
        if (operation === reservationsApi.findReservations) return { reservations: [] };
        counts.reservations += 1;
        return { results: [] };
      },
    } as unknown as StuckWatchOptions['clients'],
    groups: { look: () => Promise.reject(new Error('no Kafka')), stop: async () => undefined },
    runtime,
    logger: createTestLogger().logger,
    metrics: { gauge: () => ({ set: () => undefined }) } as unknown as StuckWatchOptions['metrics'],
  });
  return { watch, counts };
};

test('every instance reports an order without stock, and the one that leads asks for its stock again', async () => {
  let isLeading = false;
  const { watch, counts } = watchWithoutStock(() => isLeading);
  try {
    await eventually(() => expect(counts.looks).toBeGreaterThan(3));
    expect(watch.reasonOf(ORDER.id)).toBe('RESERVATION_MISSING');
    expect(watch.withoutStock()).toEqual([ORDER.id]);
    expect(counts.reservations).toBe(0);
    isLeading = true;
    await eventually(() => expect(counts.reservations).toBeGreaterThan(1));
    expect(watch.withoutStock()).toEqual([ORDER.id]);
  } finally {
    await watch.stop();
  }
});
