import {
  usersApi,
  type NewOrder,
  type ReservationRef,
  type ReservationResult,
} from '@order-pipeline/contracts';
import {
  AppError,
  isTransient,
  logFailure,
  traceparent,
  unavailable,
  type CallContext,
  type ServiceClients,
  type Runtime,
  type Span,
  type Tracer,
} from '@order-pipeline/service-kit';
import type { AdmissionControl } from './load-shedding/admission-control.ts';
import { decideRepeat, splitRepeats, type Placement } from './domain.ts';
import { inBatchTrace, inInsertSpan } from './placement-spans.ts';
import { askForStock, NOT_RELEASED, release } from './placement-stock.ts';
import type { ArchivedRow, OrderRow, OrdersStore, ReservedOrder } from './store/index.ts';

/** A request to place an order, with who asks. */
export interface PlacementRequest {
  readonly order: NewOrder;
  readonly call: CallContext;
  /** The placing of this order, if its trace is sampled. */
  readonly span?: Span | undefined;
}

export interface PlacementParts {
  readonly clients: ServiceClients;
  readonly store: Pick<
    OrdersStore,
    'findKnown' | 'findArchivedRepeats' | 'storeOrders' | 'settleReservations'
  >;
  readonly runtime: Runtime;
  readonly admission: Pick<AdmissionControl, 'shedsAll' | 'shedsNew'>;
  /** Nothing is recorded if not given. */
  readonly tracer?: Tracer;
}

type Reserved = ReservedOrder & { readonly call: CallContext };
/** What came of placing the order of an id. */
type Decision = readonly [orderId: string, placement: Placement];

/** What a step of placing hands on: what it has decided, and what the next step continues with. */
interface Step<T> {
  readonly decided: readonly Decision[];
  readonly open: readonly T[];
}

interface OfOrder {
  readonly order: Pick<NewOrder, 'orderId'>;
}

const decideAll = (requests: readonly OfOrder[], placement: Placement): Decision[] =>
  requests.map(({ order }) => [order.orderId, placement]);

/** Continues with what is open, if there is any. If that fails, it is decided so; what was decided before stays. */
const goOn = async <T extends OfOrder, U>(
  { open }: Step<T>,
  step: (open: readonly T[]) => Promise<Step<U>> | Step<U>,
): Promise<Step<U>> => {
  if (open.length === 0) return { decided: [], open: [] };
  try {
    return await step(open);
  } catch (error) {
    return { decided: decideAll(open, { outcome: 'FAILED', error }), open: [] };
  }
};

const decideKnown = ({ userId, lines }: OrderRow, { order }: PlacementRequest): Decision => [
  order.orderId,
  decideRepeat({ userId, items: lines }, order),
];

/**
 * Decides those whose ids archived orders have: the same again is answered as the first time, another one is refused. There
 * are hardly ever any.
 */
const decideArchived = async (
  { store }: Pick<PlacementParts, 'store'>,
  requests: readonly Pick<PlacementRequest, 'order'>[],
  archived: ReadonlyMap<string, ArchivedRow>,
): Promise<Decision[]> => {
  const asked = requests.map(({ order }) => order).filter(({ orderId }) => archived.has(orderId));
  if (asked.length === 0) return [];
  const repeats = await store.findArchivedRepeats(asked);
  return asked.map(({ orderId, userId }): Decision => {
    if (repeats.has(orderId)) return [orderId, { outcome: 'PLACED', isNew: false }];
    const row = archived.get(orderId);
    return [
      orderId,
      { outcome: 'ID_TAKEN', ...(row?.userId === userId ? { archivedAt: row.archivedAt } : {}) },
    ];
  });
};

const findUsers = async (
  { clients }: PlacementParts,
  requests: readonly PlacementRequest[],
  call: CallContext,
): Promise<ReadonlySet<string>> => {
  const userIds = [...new Set(requests.map(({ order }) => order.userId))];
  const found = await clients.call(usersApi.findUsers, { body: { userIds } }, call);
  return new Set(found.userIds);
};

/** Decides those whose id is known. */
const decideRepeats = async (
  parts: PlacementParts,
  requests: readonly PlacementRequest[],
): Promise<Step<PlacementRequest>> => {
  const { orders, archived } = await parts.store.findKnown(requests.map(({ order }) => order.orderId));
  const decided: Decision[] = await decideArchived(parts, requests, archived);
  const open: PlacementRequest[] = [];
  for (const request of requests) {
    const known = orders.get(request.order.orderId);
    if (known) decided.push(decideKnown(known, request));
    else if (!archived.has(request.order.orderId)) open.push(request);
  }
  return { decided, open };
};

/** Decides those of users that do not exist. */
const decideUnknownUsers = (
  requests: readonly PlacementRequest[],
  users: ReadonlySet<string>,
): Step<PlacementRequest> => {
  const unknown = requests.filter(({ order }) => !users.has(order.userId));
  const open = unknown.length === 0 ? requests : requests.filter(({ order }) => users.has(order.userId));
  return { decided: decideAll(unknown, { outcome: 'UNKNOWN_USER' }), open };
};

type NotReserved = Exclude<ReservationResult, { readonly outcome: 'RESERVED' }>;

const decisionOf = (result: NotReserved): Placement => {
  switch (result.outcome) {
    case 'UNKNOWN_ITEM':
    case 'NOT_ENOUGH_STOCK':
      return result;
    case 'LOCKED': {
      const error = unavailable('An item of the order is locked in the database, try again in a moment');
      return { outcome: 'FAILED', error };
    }
    case 'CONFLICTING_RESERVATION':
      return { outcome: 'UNDECIDED' };
  }
};

/** Reserves the stock, and decides those that there is none for. */
const reserve = async (
  parts: PlacementParts,
  requests: readonly PlacementRequest[],
  call: CallContext,
): Promise<Step<Reserved>> => {
  const wanted = requests.map(({ order }) => ({ orderId: order.orderId, lines: order.items }));
  const results = await askForStock(parts.clients, wanted, call);
  const decided: Decision[] = [];
  const open: Reserved[] = [];
  for (const [index, request] of requests.entries()) {
    const result = results[index];
    if (result?.orderId !== request.order.orderId)
      throw new AppError('INTERNAL', 'reservations came back mixed up');
    const { trace } = request.span ?? request.call;
    if (result.outcome === 'RESERVED')
      open.push({ ...request, reservationId: result.reservationId, traceparent: traceparent(trace) });
    else decided.push([result.orderId, decisionOf(result)]);
  }
  return { decided, open };
};

const reservationsOf = (reserved: readonly Reserved[]): ReservationRef[] =>
  reserved.map(({ order: { orderId }, reservationId }) => ({ orderId, reservationId }));

/**
 * Gives back what will never be stored. Another placement of the same order may share the reservation and still be on
 * its way, so the reservation is fenced first, as the reconciler does it.
 */
const abandon = async (
  { store, clients }: PlacementParts,
  reserved: readonly Reserved[],
  call: CallContext,
): Promise<void> => {
  const reservations = reservationsOf(reserved);
  const settlements = await store.settleReservations(reservations);
  const abandoned = new Set(
    settlements.filter(({ verdict }) => verdict === 'ABANDONED').map(({ reservationId }) => reservationId),
  );
  await release(
    clients,
    reservations.filter(({ reservationId }) => abandoned.has(reservationId)),
    call,
  );
};

/** Stores; where that fails for certain gives the stock back, and where nobody knows leaves it to the reconciler. */
const storeOrders = async (
  parts: PlacementParts,
  reserved: readonly Reserved[],
  call: CallContext,
): Promise<Set<string>> => {
  try {
    return await inInsertSpan(parts.tracer, call, () => parts.store.storeOrders(reserved));
  } catch (error) {
    if (!isTransient(error)) {
      await abandon(parts, reserved, call).catch((failure: unknown) =>
        logFailure(call.logger, failure, {}, NOT_RELEASED),
      );
    }
    throw error;
  }
};

/**
 * Decides those that were not stored: the id was taken since we looked, or the reservation was abandoned while we were on
 * our way. A reservation that an order stands on is left alone.
 */
const decideNotStored = async (
  parts: PlacementParts,
  reserved: readonly Reserved[],
  call: CallContext,
): Promise<Step<never>> => {
  const { orders, archived } = await parts.store.findKnown(reserved.map(({ order }) => order.orderId));
  const ofArchived = new Map(await decideArchived(parts, reserved, archived));
  const decided = reserved.map((request): Decision => {
    const { orderId } = request.order;
    const known = orders.get(orderId);
    return known
      ? decideKnown(known, request)
      : [orderId, ofArchived.get(orderId) ?? { outcome: 'UNDECIDED' }];
  });
  const isUnused = ({ order, reservationId }: Reserved) =>
    orders.get(order.orderId)?.reservationId !== reservationId;
  await release(parts.clients, reservationsOf(reserved.filter(isUnused)), call);
  return { decided, open: [] };
};

/** Stores what stock is reserved for, and decides all of it. */
const store = async (
  parts: PlacementParts,
  reserved: readonly Reserved[],
  call: CallContext,
): Promise<Step<never>> => {
  await parts.runtime.failpoint('orders.afterReserveBeforeStore');
  const storedIds = await storeOrders(parts, reserved, call);
  const decided = [...storedIds].map((orderId): Decision => [orderId, { outcome: 'PLACED', isNew: true }]);
  const open = reserved.filter(({ order }) => !storedIds.has(order.orderId));
  const rest = await goOn({ decided, open }, (notStored) => decideNotStored(parts, notStored, call));
  await parts.runtime.failpoint('orders.afterStoreBeforeAnswer');
  return { decided: [...decided, ...rest.decided], open: [] };
};

/** Repeats of stored orders need nobody else: they are answered although new ones are refused, or a dependency is unavailable. */
const placeDistinct = async (
  parts: PlacementParts,
  requests: readonly PlacementRequest[],
  call: CallContext,
): Promise<readonly Decision[]> => {
  const { admission } = parts;
  const busy = admission.shedsAll();
  if (busy) return decideAll(requests, { outcome: 'NOT_NOW', reason: busy });
  const reason = admission.shedsNew();
  const users = reason ? undefined : findUsers(parts, requests, call);
  // Awaited below, and only if it is needed.
  users?.catch(() => undefined);
  const repeats = await decideRepeats(parts, requests);
  if (reason) return [...repeats.decided, ...decideAll(repeats.open, { outcome: 'NOT_NOW', reason })];
  const ofUsers = await goOn(repeats, async (open) => decideUnknownUsers(open, (await users) ?? new Set()));
  const reserved = await goOn(ofUsers, (open) => reserve(parts, open, call));
  const stored = await goOn(reserved, (open) => store(parts, open, call));
  return [repeats, ofUsers, reserved, stored].flatMap(({ decided }) => decided);
};

const isDecision = (placement: Placement | undefined): boolean =>
  placement?.outcome !== 'FAILED' && placement?.outcome !== 'NOT_NOW';

/**
 * Places a batch of orders: one look-up of users, one reservation, one insert; a result an order, in the same order.
 *
 * @throws AppError when the orders database is down; the whole batch is undecided then, and asking again is safe
 */
export const placeOrders = async (
  parts: PlacementParts,
  requests: readonly PlacementRequest[],
): Promise<Placement[]> => {
  const { now, later } = splitRepeats(requests);
  const place = (call: CallContext) => placeDistinct(parts, now, call);
  const decided = new Map(await inBatchTrace(parts.tracer, now, place, []));
  // What has failed or was refused is not tried once more for those who ask the same.
  const again = later.filter(({ order }) => isDecision(decided.get(order.orderId)));
  const repeated = again.length > 0 ? await placeOrders(parts, again) : [];
  const byRequest = new Map(again.map((request, index) => [request, repeated[index]]));
  return requests.map(
    (request) => byRequest.get(request) ?? decided.get(request.order.orderId) ?? { outcome: 'UNDECIDED' },
  );
};
