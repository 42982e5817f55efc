import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ReservationRef } from '@order-pipeline/contracts';
import { inTurn, startTestPostgres, times, type TestPostgres } from '@order-pipeline/testing';
import { expectStockToAddUp, fresh, linesOf, startHarness, type Harness } from './harness.ts';
import { openInstance, persist, type Instance } from './instances.ts';

const INSTANCES = 3;
const ROUNDS = 25;
const OPERATIONS_A_ROUND = 12;

let postgres: TestPostgres;
let harness: Harness;
const instances: Instance[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
  harness = await startHarness(postgres);
  instances.push(...times(INSTANCES, () => openInstance(harness.databaseUrl)));
});

afterAll(() =>
  inTurn(
    ...instances.map((instance) => () => instance.close()),
    () => harness?.close(),
    () => postgres?.stop(),
  ),
);

/** Numbers that a seed decides (mulberry32). */
const createChance = (seed: number) => {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return { integer, pick: <T>(from: readonly T[]): T => from[integer(0, from.length - 1)] as T };
};

type Chance = ReturnType<typeof createChance>;

/** What an item has to have. */
interface Expected {
  stocked: number;
  available: number;
  reserved: number;
  consumed: number;
}

type Held = ReservationRef & { readonly quantities: Readonly<Record<string, number>> };

interface Model {
  readonly items: Map<string, Expected>;
  held: Held[];
  /** Units that came and went within the round, by item. */
  taken: Map<string, number>;
  /** Refusals of the round: how many units of an item were asked for at least. */
  refused: { readonly itemId: string; readonly quantity: number }[];
}

type Operation = (chance: Chance, instance: Instance, model: Model) => Promise<void>;

const itemOf = (model: Model, itemId: string): Expected => {
  const item = model.items.get(itemId);
  if (!item) throw new Error(`no item ${itemId}`);
  return item;
};

/** As an instance that knows which items are hot, one that takes all for it, or one of the release before. */
const reserve: Operation = async (chance, { store }, model) => {
  const ids = [...model.items.keys()];
  const hotItems = new Set(chance.pick([ids, ids, ids.slice(0, 1), []]));
  const large = chance.pick([3, 3, 3, 60]);
  const orders = times(chance.integer(1, 4), () => ({
    orderId: fresh('order'),
    quantities: Object.fromEntries(
      times(chance.integer(1, 2), () => [chance.pick(ids), chance.integer(1, large)] as const),
    ),
  }));
  const requests = orders.map(({ orderId, quantities }) => ({ orderId, lines: linesOf(quantities) }));
  const results = await persist(
    () => store.reserve(requests, hotItems),
    (answers) => answers.every(({ outcome }) => outcome !== 'LOCKED'),
  );
  results.forEach((result, index) => {
    const { orderId, quantities } = orders[index] as (typeof orders)[number];
    if (result.outcome === 'NOT_ENOUGH_STOCK') {
      model.refused.push(...result.short.map(({ itemId, requestedQty: quantity }) => ({ itemId, quantity })));
      return;
    }
    if (result.outcome !== 'RESERVED') throw new Error(`unexpected: ${JSON.stringify(result)}`);
    model.held.push({ orderId, reservationId: result.reservationId, quantities });
    for (const [itemId, quantity] of Object.entries(quantities)) {
      const item = itemOf(model, itemId);
      item.available -= quantity;
      item.reserved += quantity;
      model.taken.set(itemId, (model.taken.get(itemId) ?? 0) + quantity);
    }
  });
};

const end =
  (to: 'release' | 'consume'): Operation =>
  async (chance, { store }, model) => {
    const own = model.held.splice(0, chance.integer(1, 5));
    if (own.length === 0) return;
    const refs = own.map(({ orderId, reservationId }) => ({ orderId, reservationId }));
    const ended: string[] = [];
    await persist(
      async () => ended.push(...(await store[to](refs)).ended),
      () => ended.length >= refs.length,
    );
    expect(ended.toSorted()).toEqual(own.map(({ orderId }) => orderId).toSorted());
    for (const [itemId, quantity] of own.flatMap(({ quantities }) => Object.entries(quantities))) {
      const item = itemOf(model, itemId);
      item.reserved -= quantity;
      item[to === 'release' ? 'available' : 'consumed'] += quantity;
    }
  };

const restock: Operation = async (chance, { store }, model) => {
  const itemId = chance.pick([...model.items.keys()]);
  const quantity = chance.integer(1, 80);
  const key = chance.pick([fresh('key'), undefined]);
  await persist<unknown>(() =>
    key === undefined
      ? store.restock(itemId, quantity, [])
      : store.restockUnderKey({ itemId, quantity, key, records: [] }),
  );
  itemOf(model, itemId).stocked += quantity;
  itemOf(model, itemId).available += quantity;
};

const split: Operation = async (chance, { store }, model) => {
  const item = { itemId: chance.pick([...model.items.keys()]), unitsPerS: chance.integer(1, 8) };
  await persist(() => store.splitItem(item));
};

const merge: Operation = async (chance, { store }, model) => {
  const itemId = chance.pick([...model.items.keys()]);
  await persist(() => store.mergeItems([itemId]));
};

const OPERATIONS: readonly Operation[] = [
  ...times(6, () => reserve),
  end('release'),
  end('consume'),
  restock,
  split,
  split,
  merge,
];

/** All of the round are under way at once; what it leaves has to be exact, and what it refused too. */
const runRound = async (chance: Chance, model: Model): Promise<void> => {
  const before = new Map([...model.items].map(([itemId, { available }]) => [itemId, available]));
  model.taken = new Map();
  model.refused = [];
  const running = times(OPERATIONS_A_ROUND, () =>
    chance.pick(OPERATIONS)(chance, chance.pick(instances), model),
  );
  await Promise.all(running);
  for (const { itemId, quantity } of model.refused) {
    // Even if all that was reserved in the round had been before: so many were there at every moment.
    const least = (before.get(itemId) ?? 0) - (model.taken.get(itemId) ?? 0);
    expect({ itemId, quantity, isThere: least >= quantity }).toMatchObject({ isThere: false });
  }
  for (const [itemId, expected] of model.items) {
    const { stockedQty, availableQty, reservedQty, consumedQty } =
      (await instances[0]?.store.inspectItem(itemId)) ?? {};
    const found = {
      stocked: stockedQty,
      available: availableQty,
      reserved: reservedQty,
      consumed: consumedQty,
    };
    expect(found).toEqual(expected);
  }
};

test.each([1, 2, 3, 4, 5, 6])(
  'whatever instances do at once, split, merged or not, every unit is where it belongs: seed %d',
  async (seed) => {
    const chance = createChance(seed);
    const model: Model = { items: new Map(), held: [], taken: new Map(), refused: [] };
    for (const units of [60, 200, 500]) {
      const itemId = await harness.newItem(`seed-${seed}`, units);
      model.items.set(itemId, { stocked: units, available: units, reserved: 0, consumed: 0 });
    }
    for (let round = 0; round < ROUNDS; round += 1) await runRound(chance, model);
    await expectStockToAddUp(harness);
  },
  120_000,
);
