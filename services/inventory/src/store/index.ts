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
import { reserve } from './reserve.ts';
import { removeExpiredKeys, restockUnderKey, type KeyedRestock } from './restocks.ts';
import type { CancellableDatabase } from './sql.ts';

export type { ItemToAdd } from './items.ts';
export type { HeldReservation, TimeRange } from './reservations.ts';

/** The inventory database: one function a need, one transaction each. */
export const createStore = (
  database: CancellableDatabase,
  runtime: Pick<Runtime, 'wallClock' | 'uuid' | 'after'>,
) => {
  const now = (): string => timeOfDay(runtime);
  // A key that is dated ahead is kept: to forget it too early would restock twice.
  const expiredAt = (): string => dueTimes(runtime, IDEMPOTENCY_KEY_LIFE_MS).until;
  const lockedApart = createLockedApart();
  const lists = createListTurns(runtime);
  return mapTransientErrors({
    addItems: (items: readonly ItemToAdd[]) => addItems(database, items, now()),
    getItem: async (itemId: string) => getItem(database.models(), itemId),
    inspectItem: async (itemId: string) => inspectItem(database.models(), itemId),
    listItems: (request: PageRequest, signal?: AbortSignal) =>
      lists.run(() => listItems(database.until(signal), request), signal),
    restock: (itemId: string, quantity: number, records: readonly ActionRecord[]) =>
      restock(database, itemId, quantity, records),
    restockUnderKey: (asked: Pick<KeyedRestock, 'itemId' | 'quantity' | 'key' | 'records'>) =>
      restockUnderKey(database, { ...asked, at: now(), expiredAt: expiredAt() }),
    findActions: (search: Parameters<typeof findActions>[2]) => findActions(database, 'inventory', search),
    removeExpiredKeys: (limit: number) => removeExpiredKeys(database, expiredAt(), limit),
    reserve: (requests: ReservationRequests) =>
      reserve(database, requests, runtime, { at: now(), lockedApart }),
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
