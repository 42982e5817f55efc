import {
  bodyLimitOf,
  reservationsApi,
  usersApi,
  type NewOrder,
  type ReservationRequest,
  type ReservationResult,
} from '@order-pipeline/contracts';
import {
  AppError,
  inLoads,
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
import { decideRepeat, splitRepeats, type OrderContent, type Placement } from './domain.ts';
import { inBatchTrace, inInsertSpan } from './placement-spans.ts';
import type { OrderRow, OrdersStore, ReservedOrder } from './store/index.ts';

/** A request to place an order, with who asks. */
export interface PlacementRequest {
  readonly order: NewOrder;
  readonly call: CallContext;
  /** The placing of this order, if its trace is sampled. */
  readonly span?: Span | undefined;
}

export interface PlacementParts {
  readonly clients: ServiceClients;
  readonly store: Pick<OrdersStore, 'findOrders' | 'storeOrders' | 'settleReservations'>;
  readonly runtime: Runtime;
  readonly admission: Pick<AdmissionControl, 'shedsAll' | 'shedsNew'>;
  /** Nothing is recorded if not given. */
  readonly tracer?: Tracer;
}

type Decided = Map<string, Placement>;
type Reserved = ReservedOrder & { readonly call: CallContext };

const contentOf = ({ userId, lines }: OrderRow): OrderContent => ({ userId, items: lines });

const askUsers = async (
  { clients }: PlacementParts,
  requests: readonly PlacementRequest[],
  call: CallContext,
) => {
  const userIds = [...new Set(requests.map(({ order }) => order.userId))];
  const found = await clients.call(
    usersApi.findUsers,
    { params: undefined, query: undefined, body: { userIds } },
    call,
  );
  return new Set(found.userIds);
};

/** Decides those whose id is known. */
const decideRepeats = async (
  { store }: PlacementParts,
  requests: readonly PlacementRequest[],
): Promise<Decided> => {
  const stored = await store.findOrders(requests.map(({ order }) => order.orderId));
  const decided: Decided = new Map();
  for (const { order } of requests) {
    const known = stored.get(order.orderId);
    if (known) decided.set(order.orderId, decideRepeat(contentOf(known), order));
  }
  return decided;
};

const decisionOf = (result: ReservationResult): Placement => {
  switch (result.outcome) {
    case 'UNKNOWN_ITEM':
    case 'NOT_ENOUGH_STOCK':
      return result;
    case 'LOCKED': {
      const error = unavailable('An item of the order is locked in the database, try again in a moment');
      return { outcome: 'FAILED', error };
    }
    case 'CONFLICTING_RESERVATION':
    case 'RESERVED':
      return { outcome: 'UNDECIDED' };
  }
};

const MAX_CHARACTERS_A_CALL = bodyLimitOf(reservationsApi.reserveStock) - 64;
/** The characters of a request in JSON at most: what stands around ids and the largest quantity, and the ids. */
const charactersOf = ({ orderId, lines }: ReservationRequest): number =>
  lines.reduce((sum, { itemId }) => sum + itemId.length + 40, orderId.length + 32);

const reserve = async (
  { clients }: PlacementParts,
  requests: readonly PlacementRequest[],
  call: CallContext,
  decided: Decided,
): Promise<Reserved[]> => {
  const wanted = requests.map(({ order }) => ({ orderId: order.orderId, lines: order.items }));
  // Orders of many lines are too large to be reserved with one call.
  const loads = inLoads(wanted, MAX_CHARACTERS_A_CALL, charactersOf);
  const answers = await Promise.all(
    loads.map((load) =>
      clients.call(
        reservationsApi.reserveStock,
        { params: undefined, query: undefined, body: { requests: load } },
        call,
      ),
    ),
  );
  const results = answers.flatMap((answer) => answer.results);
  return requests.flatMap((request, index) => {
    const result = results[index];
    if (result?.orderId !== request.order.orderId)
      throw new AppError('INTERNAL', 'reservations came back mixed up');
    if (result.outcome === 'RESERVED') {
      const { reservationId } = result;
      const { trace } = request.span ?? request.call;
      return [{ ...request, reservationId, traceparent: traceparent(trace) }];
    }
    decided.set(result.orderId, decisionOf(result));
    return [];
  });
};

const NOT_GIVEN_BACK = 'stock could not be given back, it will be reconciled';

/** Gives stock back that no order stands on. What cannot be given back now the inventory's reconciler gives back. */
const release = async (
  { clients }: PlacementParts,
  reserved: readonly Reserved[],
  call: CallContext,
): Promise<void> => {
  if (reserved.length === 0) return;
  const reservations = reserved.map(({ order, reservationId }) => ({
    orderId: order.orderId,
    reservationId,
  }));
  try {
    await clients.call(
      reservationsApi.releaseStock,
      { params: undefined, query: undefined, body: { reservations } },
      call,
    );
  } catch (error) {
    logFailure(call.logger, error, { orders: reserved.length }, NOT_GIVEN_BACK);
  }
};

/**
 * Gives back what will never be stored. Another placement of the same order may share the reservation and still be on
 * its way, so the reservation is fenced first, as the reconciler does it.
 */
const abandon = async (
  parts: PlacementParts,
  reserved: readonly Reserved[],
  call: CallContext,
): Promise<void> => {
  const reservations = reserved.map(({ order, reservationId }) => ({
    orderId: order.orderId,
    reservationId,
  }));
  const settlements = await parts.store.settleReservations(reservations);
  const abandoned = new Set(
    settlements.filter(({ verdict }) => verdict === 'ABANDONED').map(({ reservationId }) => reservationId),
  );
  await release(
    parts,
    reserved.filter(({ reservationId }) => abandoned.has(reservationId)),
    call,
  );
};

/** Stores; where that fails for certain gives the stock back, and where nobody knows leaves it to the reconciler. */
const store = async (
  parts: PlacementParts,
  reserved: readonly Reserved[],
  call: CallContext,
): Promise<Set<string>> => {
  try {
    return await inInsertSpan(parts.tracer, call, () => parts.store.storeOrders(reserved));
  } catch (error) {
    if (!isTransient(error)) {
      await abandon(parts, reserved, call).catch((failure: unknown) =>
        logFailure(call.logger, failure, {}, NOT_GIVEN_BACK),
      );
    }
    throw error;
  }
};

/**
 * Those that were not stored: the id was taken since we looked, or the reservation was abandoned while we were on our
 * way. A reservation that an order stands on is left alone.
 */
const decideNotStored = async (
  parts: PlacementParts,
  reserved: readonly Reserved[],
  call: CallContext,
  decided: Decided,
): Promise<void> => {
  if (reserved.length === 0) return;
  const stored = await parts.store.findOrders(reserved.map(({ order }) => order.orderId));
  const unused = reserved.filter(({ order, reservationId }) => {
    const known = stored.get(order.orderId);
    decided.set(order.orderId, known ? decideRepeat(contentOf(known), order) : { outcome: 'UNDECIDED' });
    return known?.reservationId !== reservationId;
  });
  await release(parts, unused, call);
};

const undecided = (requests: readonly PlacementRequest[], decided: Decided): PlacementRequest[] =>
  requests.filter(({ order }) => !decided.has(order.orderId));

const decideAll = (
  requests: readonly PlacementRequest[],
  decided: Decided,
  placement: Placement,
): Decided => {
  for (const { order } of requests) decided.set(order.orderId, placement);
  return decided;
};

/** Places orders whose ids are free, of those users that exist. */
const placeNew = async (
  parts: PlacementParts,
  requests: readonly PlacementRequest[],
  call: CallContext,
  { decided, users }: { readonly decided: Decided; readonly users: ReadonlySet<string> },
): Promise<void> => {
  const unknown = requests.filter(({ order }) => !users.has(order.userId));
  decideAll(unknown, decided, { outcome: 'UNKNOWN_USER' });
  const open = undecided(requests, decided);
  if (open.length === 0) return;
  const reserved = await reserve(parts, open, call, decided);
  if (reserved.length === 0) return;
  await parts.runtime.failpoint('orders.afterReserveBeforeStore');
  const storedIds = await store(parts, reserved, call);
  for (const orderId of storedIds) decided.set(orderId, { outcome: 'PLACED', isNew: true });
  await decideNotStored(
    parts,
    reserved.filter(({ order }) => !storedIds.has(order.orderId)),
    call,
    decided,
  );
  await parts.runtime.failpoint('orders.afterStoreBeforeAnswer');
};

/** Repeats of stored orders need nobody else: they are answered although new ones are refused, or a dependency is unavailable. */
const placeDistinct = async (
  parts: PlacementParts,
  requests: readonly PlacementRequest[],
  call: CallContext,
): Promise<Decided> => {
  const { admission } = parts;
  const busy = admission.shedsAll();
  if (busy) return decideAll(requests, new Map(), { outcome: 'NOT_NOW', reason: busy });
  const reason = admission.shedsNew();
  const users = reason ? undefined : askUsers(parts, requests, call);
  // Awaited below, and only if it is needed.
  users?.catch(() => undefined);
  const decided = await decideRepeats(parts, requests);
  const open = undecided(requests, decided);
  if (open.length === 0) return decided;
  if (reason) return decideAll(open, decided, { outcome: 'NOT_NOW', reason });
  try {
    await placeNew(parts, open, call, { decided, users: (await users) ?? new Set() });
  } catch (error) {
    decideAll(undecided(open, decided), decided, { outcome: 'FAILED', error });
  }
  return decided;
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
  const decided = await inBatchTrace(parts.tracer, now, place, new Map());
  // What has failed or was refused is not tried once more for those who ask the same.
  const again = later.filter(({ order }) => isDecision(decided.get(order.orderId)));
  const repeated = again.length > 0 ? await placeOrders(parts, again) : [];
  const byRequest = new Map(again.map((request, index) => [request, repeated[index]]));
  return requests.map(
    (request) => byRequest.get(request) ?? decided.get(request.order.orderId) ?? { outcome: 'UNDECIDED' },
  );
};
