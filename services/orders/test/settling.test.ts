import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { reservationsApi, type NewOrder, type ReservationRef } from '@order-pipeline/contracts';
import { sleep, type Reply } from '@order-pipeline/service-kit';
import { eventually, times, type TestService } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp } from './expect-stock.ts';
import { countOf, fresh, orderOf, useHarness } from './harness.ts';
import { placeUntil } from './interruptions.ts';

/** An advisory lock that stops what is being stored. */
const GATE = 13;

let item: string;

// As somebody's databases may be; the fence must not rest on it.
const postgres = useTestPostgres({ isolation: 'repeatable read' });
const harness = useHarness(postgres);
const other = useFixture(() => harness.anotherOrders());

beforeEach(async () => {
  item = await harness.addItem(10);
});

afterEach(() => eventually(() => expectStockToAddUp(harness)));

const heldFor = async (orderId: string): Promise<ReservationRef> => {
  const held = await harness.heldFor(orderId);
  if (!held) throw new Error('nothing is held');
  return held;
};

const release = (...reservations: ReservationRef[]) =>
  harness.inventory.call(reservationsApi.releaseStock, { body: { reservations } });

test('the verdict about a reservation is the status of its order', async () => {
  for (const status of ['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED'] as const) {
    const orderId = await harness.placed({ [item]: 1 });
    await harness.walk(orderId, status);
    const held = await heldFor(orderId);
    expect(await harness.settle([held])).toEqual([{ ...held, verdict: status }]);
    if (status === 'SHIPPED' || status === 'DELIVERED') continue;
    expect((await heldFor(orderId)).reservationId).toBe(held.reservationId);
  }
});

test('each of many reservations gets its own verdict, in their order', async () => {
  const cancelled = await harness.placed({ [item]: 1 });
  const pending = await harness.placed({ [item]: 1 });
  const references = [
    { orderId: fresh('none'), reservationId: fresh('r') },
    await heldFor(cancelled),
    await heldFor(pending),
  ];
  await harness.cancel(cancelled);
  const settlements = await harness.settle(references);
  expect(settlements.map(({ verdict }) => verdict)).toEqual(['ABANDONED', 'CANCELLED', 'PENDING']);
  expect(settlements.map(({ orderId }) => orderId)).toEqual(references.map(({ orderId }) => orderId));
});

test('a placement that comes late does not stand on a reservation that was abandoned, but on a new one', async () => {
  const { order, resume } = await placeUntil(harness, 'orders.afterReserveBeforeStore', { [item]: 3 });
  const before = await heldFor(order.orderId);
  expect(await harness.settle([before])).toEqual([{ ...before, verdict: 'ABANDONED' }]);
  await release(before);
  expect(await harness.stockOf(item)).toEqual({ available: 10, reserved: 0 });
  expect((await resume()).status).toBe(201);
  const since = await heldFor(order.orderId);
  expect(since.reservationId).not.toBe(before.reservationId);
  expect(await harness.settle([since])).toEqual([{ ...since, verdict: 'PENDING' }]);
});

test('a placement that comes late while its abandoned reservation is still held makes a new one too', async () => {
  const { order, resume } = await placeUntil(harness, 'orders.afterReserveBeforeStore', { [item]: 3 });
  const before = await heldFor(order.orderId);
  await harness.settle([before]);
  expect((await resume()).status).toBe(201);
  await release(before);
  expect(await harness.stockOf(item)).toEqual({ available: 7, reserved: 3 });
});

test('a placement that comes late finds the stock sold to somebody else, and is refused', async () => {
  const { order, resume } = await placeUntil(harness, 'orders.afterReserveBeforeStore', { [item]: 8 });
  const before = await heldFor(order.orderId);
  await harness.settle([before]);
  await release(before);
  expect((await harness.place(orderOf({ [item]: 5 }), other)).status).toBe(201);
  expect(await resume()).toMatchObject({ status: 409, body: { code: 'NOT_ENOUGH_STOCK' } });
  expect(await harness.statusOf(order.orderId)).toBeUndefined();
});

const untilStopped = () =>
  eventually(async () => {
    const rows = await harness.database.orders.$queryRaw`
      SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database
      WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`;
    expect(rows).toHaveLength(1);
  });

/** An order that stops in the middle of being stored. */
interface Storing {
  readonly order: NewOrder;
  readonly placing: Promise<Reply>;
  /** What the inventory holds for it. */
  readonly held: ReservationRef;
  unlock(): void;
}

/** Does `work` while an order of three units stops where the trigger with this name and these words has it. */
const whileStoring = async (trigger: string, work: (storing: Storing) => Promise<void>): Promise<void> => {
  const { orders } = harness.database;
  await orders.$executeRawUnsafe(`
    CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(${GATE}); RETURN NEW; END $$`);
  await orders.$executeRawUnsafe(`CREATE TRIGGER ${trigger} EXECUTE FUNCTION stop_here()`);
  let unlock = (): void => undefined;
  const unlocked = new Promise<void>((resolve) => {
    unlock = resolve;
  });
  let working: Promise<void> = Promise.resolve();
  try {
    await orders.$transaction(
      async (sql) => {
        await sql.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(${GATE})`);
        const order = orderOf({ [item]: 3 });
        const placing = harness.place(order);
        await untilStopped();
        working = work({ order, placing, held: await heldFor(order.orderId), unlock });
        await Promise.race([unlocked, working]);
      },
      { timeout: 10_000 },
    );
    await working;
  } finally {
    await orders.$executeRawUnsafe('DROP FUNCTION stop_here CASCADE');
  }
};

test('an order that is stored, and only not committed, when its reservation is fenced is waited for', async () => {
  // By its name the last trigger: the placement has looked for a fence and found none.
  await whileStoring('zz_stop AFTER INSERT ON orders FOR EACH STATEMENT', async (storing) => {
    const { order, placing, held, unlock } = storing;
    const settling = harness.settle([held]);
    await eventually(async () => {
      // It waits for that one transaction, and whatever it locks no other placement and no maintenance waits for.
      const [row] = await harness.database.orders.$queryRaw<{ waits: boolean; modes: string[] }[]>`
          SELECT bool_or(NOT granted AND locktype = 'transactionid') AS waits,
            array_agg(DISTINCT mode) FILTER (WHERE relation = 'orders'::regclass) AS modes
          FROM pg_locks`;
      expect(row).toEqual({ waits: true, modes: ['RowExclusiveLock'] });
    });
    unlock();
    expect((await placing).status).toBe(201);
    // Where it gave up before, it has not said anything.
    expect((await settling).filter(({ verdict }) => verdict !== 'PENDING')).toEqual([]);
    expect(await harness.settle([held])).toEqual([{ ...held, verdict: 'PENDING' }]);
    expect(await heldFor(order.orderId)).toEqual(held);
  });
});

test('an order whose placement takes long has no verdict yet, and delays no other', async () => {
  await whileStoring(
    "zz_stop AFTER INSERT ON orders FOR EACH ROW WHEN (NEW.status = 'PENDING')",
    async ({ placing, held, unlock }) => {
      const orphans = times(3, () => ({ orderId: fresh('none'), reservationId: fresh('r') }));
      const abandoned = orphans.map((orphan) => ({ ...orphan, verdict: 'ABANDONED' as const }));
      expect(await harness.settle([held, ...orphans])).toEqual(abandoned);
      expect(await harness.settle([held])).toEqual([]);
      unlock();
      expect((await placing).status).toBe(201);
      expect(await harness.settle([held])).toEqual([{ ...held, verdict: 'PENDING' }]);
    },
  );
});

test('an order whose statement began before its reservation was fenced, and continues after, is not stored with it', async () => {
  await whileStoring(
    "aa_stop BEFORE INSERT ON orders FOR EACH ROW WHEN (NEW.status = 'PENDING')",
    async ({ order, placing, held, unlock }) => {
      expect(await harness.settle([held])).toEqual([{ ...held, verdict: 'ABANDONED' }]);
      await release(held);
      unlock();
      expect((await placing).status).toBe(201);
      expect((await heldFor(order.orderId)).reservationId).not.toBe(held.reservationId);
    },
  );
});

test('what locks the table as a VACUUM or CREATE INDEX CONCURRENTLY does holds up no settlement and no placement', async () => {
  await harness.database.orders.$transaction(
    async (sql) => {
      await sql.$executeRaw`LOCK TABLE orders, abandoned_reservations IN SHARE UPDATE EXCLUSIVE MODE`;
      const orphan = { orderId: fresh('none'), reservationId: fresh('r') };
      const stop = harness.runtime.orders.stopAt('orders.afterFenceBeforeVerdict');
      const settling = harness.settle([orphan]);
      await stop.reached;
      expect((await harness.place(orderOf({ [item]: 1 }))).status).toBe(201);
      stop.resume();
      expect(await settling).toEqual([{ ...orphan, verdict: 'ABANDONED' }]);
    },
    { timeout: 10_000 },
  );
});

test('what was abandoned stays abandoned, however often it is asked', async () => {
  const reservation = { orderId: fresh('order'), reservationId: fresh('r') };
  for (let round = 0; round < 3; round += 1) {
    expect(await harness.settle([reservation])).toEqual([{ ...reservation, verdict: 'ABANDONED' }]);
  }
});

/** Asks for the verdict about everything that is held, however fresh, and gives back what is abandoned. */
const settleEverything = async (on: TestService): Promise<void> => {
  const held = await harness.database.inventory.$queryRaw<ReservationRef[]>`
    SELECT order_id AS "orderId", reservation_id AS "reservationId" FROM reservations WHERE state = 'HELD'`;
  const settlements = await harness.settle(held, on).catch(() => []);
  const abandoned = settlements.filter(({ verdict }) => verdict === 'ABANDONED');
  await release(...abandoned.map(({ orderId, reservationId }) => ({ orderId, reservationId })));
};

test('however placements and settlements meet, every order stands on its own reservation', async () => {
  const popular = await harness.addItem(120);
  const services = [harness.orders, other];
  for (const { context } of services) {
    const { runtime } = context;
    Object.assign(runtime, {
      failpoint: (point: string) =>
        point === 'orders.afterReserveBeforeStore' ? sleep(runtime, runtime.random() * 8) : undefined,
    });
  }
  const rounds = async (client: number): Promise<Reply[]> => {
    const own: Reply[] = [];
    for (let round = 0; round < 8; round += 1) {
      const order = orderOf({ [popular]: 1 });
      own.push(...(await Promise.all(services.map((service) => harness.place(order, service)))));
      if (client % 4 === 0) await harness.cancel(order.orderId);
    }
    return own;
  };
  let placing = 20;
  const placements = times(20, (client) => rounds(client).finally(() => (placing -= 1)));
  const settling = services.map(async (service) => {
    while (placing > 0) await settleEverything(service);
  });
  const replies = await Promise.all(placements);
  await Promise.all(settling);
  const all = replies.flat();
  expect(countOf(all, 201) + countOf(all, 409) + countOf(all, 503)).toBe(320);
  expect(countOf(all, 201)).toBeGreaterThan(0);
  await settleEverything(harness.orders);
});
