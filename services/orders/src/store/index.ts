import type { PublishedPosition, ReservationRef } from '@order-pipeline/contracts';
import {
  dueTimes,
  findActions,
  mapTransientErrors,
  timeOfDay,
  type DueTimes,
  type PageRequest,
  type Reads,
  type Runtime,
  type Turns,
} from '@order-pipeline/service-kit';
import {
  cancelOrder,
  findStockNotReturned,
  moveOrders,
  recordStockReturned,
  type Target,
} from './transitions.ts';
import { findArchivedRepeats, findKnown, listArchived, type AskedOrder } from './archived.ts';
import { findOverdueForArchiving, readArchiveTotals, type ClosedFrom } from './archiving.ts';
import { foldCounts, readCounts } from './counts.ts';
import {
  createRepublication,
  republishDue,
  republishUpTo,
  newestPlacement,
  type AnnouncingAll,
} from './republication.ts';
import { createOutboxFloor } from './outbox-floor.ts';
import { createOutbox, outboxBacklog } from './outbox.ts';
import { findOrders, storeOrders, type ReservedOrder } from './placements.ts';
import { recordPositions } from './positions.ts';
import {
  findOverdue,
  findStatuses,
  findTraceparent,
  listOrders,
  oldestOnTheWay,
  readHistories,
  readHistory,
  type OrderSearch,
} from './queries.ts';
import {
  listFound,
  listWaiting,
  scanFound,
  scanWaiting,
  type ItemSearch,
  type WaitingPosition,
  type WaitingSearch,
} from './search.ts';
import { settleReservations } from './verdicts.ts';
import type { CancellableDatabase, Sql } from './sql.ts';
import { createStanding, findLocked, findWaiting, replaceReservation } from './stuck.ts';

export { archivedOf, type ArchivedRow } from './archived.ts';
export type { ArchiveTotals, ClosedFrom } from './archiving.ts';
export { DELIVERY_WINDOW_MS, type DeliveryBin } from './counts.ts';
export type { StoredBacklog } from './outbox.ts';
export type { ReservedOrder } from './placements.ts';
export { orderOf, type CancellableDatabase, type OrderRow } from './sql.ts';
export { bytesOf } from './queries.ts';
export { positionOf, type WaitingPosition } from './search.ts';
export type { WaitingOrder } from './stuck.ts';
export type { StepTimes, Target } from './transitions.ts';

type Events = Parameters<typeof moveOrders>[5];
type OlderSearch = Omit<WaitingSearch, 'until'> & { readonly olderThanMs: number };

type ReadList = <T>(read: (sql: Sql) => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** Lists of the orders that contain an item. */
const createScans = (
  list: ReadList,
  due: (ageMs: number) => { readonly until: string },
  runtime: Runtime,
) => ({
  scanFound: (request: PageRequest, search: Parameters<typeof scanFound>[2], signal?: AbortSignal) =>
    list((sql) => scanFound(sql, request, search, runtime), signal),
  scanWaiting: (
    request: PageRequest<WaitingPosition>,
    { olderThanMs, ...search }: OlderSearch & ItemSearch,
    signal?: AbortSignal,
  ) =>
    list((sql) => scanWaiting(sql, request, { ...search, until: due(olderThanMs).until }, runtime), signal),
});

/** What metrics and overviews are made from, however many orders there are. */
const createSums = (reads: Reads, due: (ageMs: number) => DueTimes) => ({
  findOverdueForArchiving: (closedForMs: number, from: ClosedFrom) =>
    reads.run((sql) => findOverdueForArchiving(sql, due(closedForMs).until, from)),
  readArchiveTotals: () => reads.run(readArchiveTotals),
  readCounts: () => reads.run((sql) => readCounts(sql, due)),
});

/** Looks for orders that have stood in their status for long, of which this instance remembers what it has read. */
const createLateLooks = (
  database: CancellableDatabase,
  reads: Reads,
  due: (ageMs: number) => DueTimes,
  runtime: Runtime,
) => {
  const standing = createStanding();
  const republication = createRepublication(standing);
  return {
    findOverdue: (olderThanMs: number, after: string | undefined, limit: number) =>
      findOverdue(database, due(olderThanMs), after, limit, standing),
    oldestOnTheWay: () => reads.run((sql) => oldestOnTheWay(sql, due(0), standing)),
    findWaiting: (olderThanMs: number, most: number) =>
      findWaiting(database, due(olderThanMs), most, standing),
    republishDue: (olderThanMs: number, limit: number, except: readonly string[]) => {
      const announcing = { due: due(olderThanMs), at: timeOfDay(runtime), limit, except };
      return republishDue(database, announcing, runtime, republication);
    },
  };
};

/**
 * The orders database: one function a need, one transaction each.
 *
 * @param lists the turns of all lists that are read from this database
 * @param reads where that is read which nothing is decided by, and which costs more than a row by its id
 */
export const createStore = (database: CancellableDatabase, runtime: Runtime, lists: Turns, reads: Reads) => {
  const now = (): string => timeOfDay(runtime);
  const floor = createOutboxFloor();
  const due = (ageMs: number) => dueTimes(runtime, ageMs);
  const list: ReadList = (read, signal) => lists.run(() => reads.run(read, signal), signal);
  return {
    ...mapTransientErrors({
      findOrders: (orderIds: readonly string[]) => findOrders(database, orderIds),
      findKnown: (orderIds: readonly string[]) => findKnown(database, orderIds),
      findArchivedRepeats: (asked: readonly AskedOrder[]) => findArchivedRepeats(database, asked),
      findStatuses: (orderIds: readonly string[]) => findStatuses(database, orderIds),
      storeOrders: (orders: readonly ReservedOrder[]) => storeOrders(database, orders, now()),
      moveOrders: (to: Target, orderIds: readonly string[], cause: string, events: Events) =>
        moveOrders(database, to, orderIds, cause, now(), events),
      recordPositions: (positions: readonly PublishedPosition[]) => recordPositions(database, positions),
      cancelOrder: (orderId: string, by?: Parameters<typeof cancelOrder>[3]) =>
        cancelOrder(database, orderId, now(), by),
      findActions: (search: Parameters<typeof findActions>[2]) =>
        reads.run((sql) => findActions(sql, 'orders', search)),
      findStockNotReturned: (after: string, limit: number) => findStockNotReturned(database, after, limit),
      recordStockReturned: (orderIds: readonly string[]) => recordStockReturned(database, orderIds, now()),
      listOrders: (request: PageRequest, search: OrderSearch, signal?: AbortSignal) =>
        list((sql) => listOrders(sql, request, search), signal),
      listFound: (request: PageRequest, search: Parameters<typeof listFound>[2], signal?: AbortSignal) =>
        list((sql) => listFound(sql, request, search), signal),
      listWaiting: (
        request: PageRequest<WaitingPosition>,
        { olderThanMs, ...search }: OlderSearch,
        signal?: AbortSignal,
      ) => list((sql) => listWaiting(sql, request, { ...search, until: due(olderThanMs).until }), signal),
      ...createScans(list, due, runtime),
      listArchived: (request: PageRequest, userId: string, signal?: AbortSignal) =>
        list((sql) => listArchived(sql, request, userId), signal),
      listHistories: (orderIds: readonly string[]) => reads.run((sql) => readHistories(sql, orderIds)),
      readHistories: (orderIds: readonly string[]) => readHistories(database, orderIds),
      readHistory: async (orderId: string, owner?: string) => readHistory(database.models(), orderId, owner),
      findTraceparent: async (orderId: string) => findTraceparent(database.models(), orderId),
      findLocked: (orderIds: readonly string[]) => findLocked(database, orderIds),
      replaceReservation: (orderId: string, change: { readonly from: string; readonly to: string }) =>
        replaceReservation(database, orderId, change),
      newestPlacement: () => newestPlacement(database),
      republishUpTo: (run: AnnouncingAll, limit: number, except: readonly string[]) =>
        republishUpTo(database, run, { limit, except }, runtime),
      outboxBacklog: () => outboxBacklog(database, floor, runtime),
      ...createSums(reads, due),
      ...createLateLooks(database, reads, due, runtime),
      foldCounts: () => foldCounts(database, due),
      settleReservations: (reservations: readonly ReservationRef[]) =>
        settleReservations(database, reservations, now(), runtime),
    }),
    outbox: mapTransientErrors({ ...createOutbox(database, runtime, floor) }),
  };
};

export type OrdersStore = ReturnType<typeof createStore>;
