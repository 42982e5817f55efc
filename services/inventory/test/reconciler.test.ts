import { afterEach, expect, test } from '@jest/globals';
import { orderLifecycleApi, type ReservationRef, type Settlement } from '@order-pipeline/contracts';
import { ok, unavailable, type PartRead, type Route } from '@order-pipeline/service-kit';
import {
  createTestBroker,
  createTestLogger,
  createTestRuntime,
  eventually,
  times,
  withOwnGroups,
} from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { startReconciler } from '../src/reconciler.ts';
import type { HeldReservation, TimeRange } from '../src/store/index.ts';
import { expectStockToAddUp, fresh, hold, release, startHarness, type Harness } from './harness.ts';

const postgres = useTestPostgres();

const opened: Harness[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((harness) => harness.close()));
});

/** Every reservation is looked at within a moment, and again and again. */
const EAGER = { environment: { RESERVATION_CHECK_AFTER_MS: '1' } };
/** A real Kafka takes its time to let members into a group. */
const WAIT = { timeoutMs: 30_000 };
const LONG_WAIT = { timeoutMs: 60_000 };
/** Looked at after 100 ms, and again after a second. */
const SOON = { environment: { RESERVATION_CHECK_AFTER_MS: '100' } };

/** An orders service that gives these verdicts, and PENDING for an order of which it has none. */
const createVerdicts = (beforeAnswer: () => Promise<unknown> = async () => undefined) => {
  const verdicts = new Map<string, Settlement['verdict']>();
  const asked: ReservationRef[][] = [];
  const settle: Route = {
    operation: orderLifecycleApi.settleReservations,
    handle: async ({ body }) => {
      const { reservations } = body as { reservations: ReservationRef[] };
      asked.push(reservations);
      await beforeAnswer();
      const verdictOn = (reservation: ReservationRef): Settlement => ({
        ...reservation,
        verdict: verdicts.get(reservation.orderId) ?? 'PENDING',
      });
      return ok({ settlements: reservations.map(verdictOn) });
    },
  };
  const timesAsked = (orderId: string): number =>
    asked.flat().filter((reservation) => reservation.orderId === orderId).length;
  return { routes: [settle], verdicts, timesAsked };
};

const start = async (options: Parameters<typeof startHarness>[1]): Promise<Harness & { item: string }> => {
  const harness = await startHarness(postgres, options);
  opened.push(harness);
  const item = await harness.newItem('item', 100);
  return { ...harness, item };
};

test('stock goes back, leaves or stays as the verdict about its order is', async () => {
  const { routes, verdicts, timesAsked } = createVerdicts();
  const { item, inventory, stockOf, databaseUrl } = await start({ ...EAGER, clients: { orders: routes } });
  const quantities = {
    PENDING: 1,
    PROCESSING: 2,
    ABANDONED: 4,
    CANCELLED: 8,
    SHIPPED: 16,
    DELIVERED: 32,
  } as const;
  for (const verdict of Object.keys(quantities) as (keyof typeof quantities)[]) {
    verdicts.set(verdict, verdict);
    await hold(inventory, verdict, { [item]: quantities[verdict] });
  }
  await eventually(async () => expect(await stockOf(item)).toEqual({ available: 49, reserved: 3 }));
  await expectStockToAddUp({ databaseUrl });

  // What waits is asked for again, and goes when its time has come.
  await eventually(() => {
    for (const orderId of ['PENDING', 'PROCESSING']) expect(timesAsked(orderId)).toBeGreaterThan(1);
  });
  expect(await stockOf(item)).toEqual({ available: 49, reserved: 3 });
  verdicts.set('PENDING', 'CANCELLED');
  verdicts.set('PROCESSING', 'SHIPPED');
  await eventually(async () => expect(await stockOf(item)).toEqual({ available: 50, reserved: 0 }));
  await expectStockToAddUp({ databaseUrl });
});

test('an order that waits is asked for once, and again only when ten times as long has passed', async () => {
  const { routes, timesAsked } = createVerdicts();
  const { item, inventory } = await start({ ...SOON, clients: { orders: routes } });
  const early = fresh('order');
  await hold(inventory, early, { [item]: 3 });
  await eventually(() => expect(timesAsked(early)).toBe(1));
  const later = Array.from({ length: 5 }, () => fresh('order'));
  for (const orderId of later) {
    await hold(inventory, orderId, { [item]: 3 });
    await eventually(() => expect(timesAsked(orderId)).toBe(1));
  }
  // Five looks at others: had all been looked at each time, it would be six by now.
  expect(timesAsked(early)).toBeLessThanOrEqual(3);
  const before = timesAsked(early);
  await eventually(() => expect(timesAsked(early)).toBeGreaterThan(before));
});

test('orders of one moment are each asked for, however many they are', async () => {
  const { routes, timesAsked } = createVerdicts();
  const harness = await start({ ...SOON, clients: { orders: routes } });
  const prefix = fresh('crowd');
  await fillUp(harness, prefix);
  await eventually(() => {
    for (let n = 1; n <= 600; n += 1) expect(timesAsked(`${prefix}-${n}`)).toBeGreaterThan(0);
  });
});

test('while the orders service is down nothing is given back; when it is back everything continues', async () => {
  const { routes, verdicts } = createVerdicts();
  const down: Route = {
    operation: orderLifecycleApi.settleReservations,
    handle: async () => {
      throw unavailable('down');
    },
  };
  const harness = await start({ ...EAGER, clients: { orders: [down] } });
  const { item, inventory, stockOf, clients } = harness;
  const orderId = fresh('order');
  verdicts.set(orderId, 'ABANDONED');
  await hold(inventory, orderId, { [item]: 3 });
  const failed = 'periodic task failed, retrying';
  await eventually(() => expect(inventory.logs.filter(({ msg }) => msg === failed)).not.toHaveLength(0));
  expect(await stockOf(item)).toEqual({ available: 97, reserved: 3 });
  clients.orders = routes;
  await eventually(async () => expect(await stockOf(item)).toEqual({ available: 100, reserved: 0 }));
});

test('a verdict that comes late does not touch a reservation that was made since', async () => {
  const { routes, verdicts } = createVerdicts();
  const harness = await start({ ...EAGER, clients: { orders: routes } });
  const { item, inventory, runtime, stockOf } = harness;
  const orderId = fresh('order');
  verdicts.set(orderId, 'ABANDONED');
  const stop = runtime.stopAt('inventory.afterVerdictBeforeApply');
  const before = await hold(inventory, orderId, { [item]: 3 });
  await stop.reached;
  await release(inventory, [before]);
  verdicts.set(orderId, 'PENDING');
  const since = await hold(inventory, orderId, { [item]: 5 });
  const marker = fresh('marker');
  verdicts.set(marker, 'ABANDONED');
  await hold(inventory, marker, { [item]: 7 });
  stop.resume();
  // The next run gives the marker back, so the one that was stopped has done what it had in hand.
  await eventually(async () => expect(await stockOf(item)).toEqual({ available: 95, reserved: 5 }));
  expect(await release(inventory, [since])).toEqual([orderId]);
});

/** Reservations of an item that is not there, more than the reconciler takes in one batch. */
const fillUp = async ({ database }: Harness, prefix: string): Promise<void> => {
  await database.$executeRaw`
    INSERT INTO reservations (order_id, reservation_id, state, lines, created_at, updated_at)
    SELECT ${prefix} || '-' || n, 'r' || n, 'HELD', '[{"itemId":"nothing","quantity":1}]', now(), now() FROM generate_series(1, 600) AS n`;
};

test('at its start everything that is held is asked for, however short it has stood', async () => {
  const { routes, verdicts, timesAsked } = createVerdicts();
  const harness = await start({ clients: { orders: routes } });
  const { item, stockOf } = harness;
  const lost = fresh('lost');
  verdicts.set(lost, 'ABANDONED');
  await fillUp(harness, lost);
  await hold(harness.inventory, lost, { [item]: 3 });
  await harness.another();
  await eventually(async () => expect(await stockOf(item)).toEqual({ available: 100, reserved: 0 }));
  await eventually(() => expect(timesAsked(`${lost}-600`)).toBe(1));
  expect(timesAsked(`${lost}-1`)).toBe(1);
});

test('what is reserved while it looks through everything at its start is not asked for', async () => {
  const underWay = fresh('under-way');
  const { routes, timesAsked } = createVerdicts(() =>
    hold(harness.inventory, underWay, { [harness.item]: 3 }),
  );
  const harness = await start({ clients: { orders: routes } });
  const old = fresh('old');
  await fillUp(harness, old);
  await harness.another();
  await eventually(() => expect(timesAsked(`${old}-600`)).toBe(1));
  expect(timesAsked(underWay)).toBe(0);
});

test('what is dated ahead is asked for, and what comes of age meanwhile too', async () => {
  const { routes, verdicts, timesAsked } = createVerdicts();
  const harness = await start({ ...SOON, clients: { orders: routes } });
  const { item, inventory, database, stockOf } = harness;
  const [lost, ahead, underWay] = [fresh('lost'), fresh('ahead'), fresh('under-way')];
  for (const orderId of [lost, ahead]) verdicts.set(orderId, 'ABANDONED');
  await hold(inventory, underWay, { [item]: 5 });
  await hold(inventory, ahead, { [item]: 3 });
  await database.$executeRaw`
    UPDATE reservations SET created_at = created_at + interval '1 year' WHERE order_id IN (${ahead}, ${underWay})`;
  await eventually(async () => expect(await stockOf(item)).toEqual({ available: 95, reserved: 5 }));
  await hold(inventory, lost, { [item]: 7 });
  await eventually(async () => expect(await stockOf(item)).toEqual({ available: 95, reserved: 5 }));
  // It stays held, and is asked for again with the next round, not with each look.
  await eventually(() => expect(timesAsked(underWay)).toBeGreaterThan(2));
  expect(timesAsked(ahead)).toBe(1);
});

/** A reconciler of a store that has so many batches of held reservations in either range; ends when they are looked at. */
const looksAt = async (batches: { readonly late: number; readonly ahead: number }) => {
  const looks = { late: 0, ahead: 0 };
  const findHeld = async (
    { until }: TimeRange,
    _last: HeldReservation | undefined,
    limit: number,
  ): Promise<PartRead<HeldReservation>> => {
    const range = until === undefined ? 'ahead' : 'late';
    looks[range] += 1;
    if (looks[range] > batches[range]) return { found: [], passed: 0 };
    const found = times(limit, (n) => ({
      orderId: `${range}-${n}`,
      reservationId: 'r',
      createdAt: '2026-11-29',
    }));
    return { found, passed: limit, isCut: true };
  };
  const reconciler = startReconciler(
    {
      clients: { call: async () => ({ settlements: [] }) },
      runtime: createTestRuntime(),
      logger: createTestLogger().logger,
    } as unknown as Parameters<typeof startReconciler>[0],
    { store: { findHeld } as unknown as Parameters<typeof startReconciler>[1]['store'], leads: () => true },
    600_000,
  );
  await eventually(() => {
    expect(looks.late).toBeGreaterThan(batches.late);
    expect(looks.ahead).toBeGreaterThan(batches.ahead);
  });
  await reconciler.stop();
  return looks;
};

test('while it settles many of one kind it does not look for the other again and again', async () => {
  expect(await looksAt({ late: 4, ahead: 0 })).toEqual({ late: 5, ahead: 1 });
});

test('it settles all that are dated ahead in one run', async () => {
  expect((await looksAt({ late: 1, ahead: 4 })).ahead).toBe(5);
});

/** The instances that asked for an order again since `before`. */
const askedSince = (before: readonly number[], now: readonly number[]): number[] =>
  now.flatMap((count, index) => (count > (before[index] ?? 0) ? [index] : []));

test('of eight instances one asks for the reservations, and when it goes another does', async () => {
  const verdicts = Array.from({ length: 8 }, () => createVerdicts());
  const [first, ...others] = verdicts;
  const { item, inventory, another } = await start({
    ...SOON,
    broker: withOwnGroups(createTestBroker()),
    clients: { orders: first?.routes ?? [] },
  });
  const instances = [inventory];
  for (const { routes } of others) instances.push(await another({ orders: routes }));
  const orderId = fresh('order');
  await hold(inventory, orderId, { [item]: 1 });
  const asked = () => verdicts.map(({ timesAsked }) => timesAsked(orderId));
  const joins = () =>
    instances.map(({ logs }) => logs.filter(({ msg }) => msg === 'consumer joined its group').length);
  await eventually(() => expect(joins()).not.toContain(0), WAIT);
  /** An instance that asks three times in a row while no other does. */
  const findLeader = () =>
    eventually(async () => {
      const before = asked();
      await eventually(
        () => expect(Math.max(...asked().map((n, i) => n - (before[i] ?? 0)))).toBeGreaterThan(2),
        WAIT,
      );
      const [leader = -1, ...more] = askedSince(before, asked());
      expect(more).toEqual([]);
      return leader;
    }, LONG_WAIT);
  const leader = await findLeader();
  await instances[leader]?.close();
  expect(await findLeader()).not.toBe(leader);
}, 120_000);
