import { IDEMPOTENCY_KEY_LIFE_MS, type ReservationRef } from '@order-pipeline/contracts';
import {
  createListTurns,
  dueTimes,
  findActions,
  mapTransientErrors,
  timeOfDay,
  type ActionRecord,
  type PageRequest,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { ReservationRequests } from '../domain.ts';
import { findSplitItems, splitItem, MAX_BUCKETS, type HotItem } from './buckets.ts';
import { addItems, getItem, inspectItem, listItems, restock, type ItemToAdd } from './items.ts';
import { createLockedApart } from './locked.ts';
import {
  archivedUpTo,
  endReservations,
  findHeld,
  findReservations,
  type HeldReservation,
  type TimeRange,
} from './reservations.ts';
import { mergeItems, reserve } from './reserve.ts';
import type { HotItems } from './reserve-buckets.ts';
import { removeExpiredKeys, restockUnderKey, type KeyedRestock } from './restocks.ts';
import type { CancellableDatabase } from './sql.ts';

export type { HotItem } from './buckets.ts';
export type { ItemToAdd } from './items.ts';
export type { HeldReservation, TimeRange } from './reservations.ts';

const NONE: HotItems = new Map();

/** The bucket at which an instance begins: each at another one, as chance has it. */
const pickBucket = ({ uuid }: Pick<Runtime, 'uuid'>): (() => number) => {
  let picked: number | undefined;
  return () => (picked ??= 1 + (parseInt(uuid().slice(0, 8), 16) % MAX_BUCKETS));
};

/** The inventory database: one function a need, one transaction each. */
export const createStore = (
  database: CancellableDatabase,
  runtime: Pick<Runtime, 'wallClock' | 'uuid' | 'after'>,
) => {
  const now = (): string => timeOfDay(runtime);
  // A key that is dated ahead is kept: to forget it too early would restock twice.
  const expiredAt = (): string => dueTimes(runtime, IDEMPOTENCY_KEY_LIFE_MS).until;
  const lockedApart = createLockedApart();
  const preferred = pickBucket(runtime);
  const lists = createListTurns(runtime);
  return mapTransientErrors({
    addItems: (items: readonly ItemToAdd[]) => addItems(database, items, now()),
    getItem: async (itemId: string) => getItem(database.models(), database, itemId),
    inspectItem: async (itemId: string) => inspectItem(database, itemId),
    listItems: (request: PageRequest, signal?: AbortSignal) =>
      lists.run(() => listItems(database.until(signal), request), signal),
    restock: (itemId: string, quantity: number, records: readonly ActionRecord[]) =>
      restock(database, itemId, quantity, records),
    restockUnderKey: (asked: Pick<KeyedRestock, 'itemId' | 'quantity' | 'key' | 'records'>) =>
      restockUnderKey(database, { ...asked, at: now(), expiredAt: expiredAt() }),
    findActions: (search: Parameters<typeof findActions>[2]) => findActions(database, 'inventory', search),
    removeExpiredKeys: (limit: number) => removeExpiredKeys(database, expiredAt(), limit),
    reserve: (requests: ReservationRequests, hotItems: HotItems = NONE) => {
      const buckets = hotItems.size === 0 ? undefined : { hotItems, preferred: preferred() };
      return reserve({ database, runtime, at: now(), buckets }, requests, lockedApart);
    },
    splitItem: (item: HotItem) => splitItem(database, item),
    findSplitItems: () => findSplitItems(database),
    mergeItems: (itemIds: readonly string[]) => mergeItems(database, itemIds),
    release: (reservations: readonly ReservationRef[]) =>
      endReservations(database, 'RELEASED', reservations, now()),
    consume: (reservations: readonly ReservationRef[]) =>
      endReservations(database, 'CONSUMED', reservations, now()),
    archivedUpTo: () => archivedUpTo(database),
    findReservations: (orderIds: readonly string[]) => findReservations(database, orderIds),
    findHeld: (range: TimeRange, after: HeldReservation | undefined, limit: number) =>
      findHeld(database, range, after, limit),
  });
};

export type InventoryStore = ReturnType<typeof createStore>;
