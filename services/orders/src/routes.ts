import {
  MAX_READ_TOGETHER,
  orderLifecycleApi,
  ordersApi,
  ownerFor,
  REASON_HEADER,
  serviceActionsApi,
  usersApi,
  withoutEvents,
  type EventPlace,
  type Input,
} from '@order-pipeline/contracts';
import {
  backoffMs,
  createBatcher,
  created,
  ok,
  pageHeaders,
  pageRequest,
  recordsOf,
  refuse,
  routesOf,
  sleep,
  unavailable,
  type Batcher,
  type ServiceClients,
  type Reply,
  type Route,
  type Runtime,
} from '@order-pipeline/service-kit';
import { SHEDDING_RESPONSES, type AdmissionControl, type SheddingReason } from './load-shedding/index.ts';
import { decideCancellation, type Placement } from './domain.ts';
import { createExportRoutes } from './export-routes.ts';
import type { PlacementRequest } from './placement.ts';
import type { StatusMetrics } from './status-metrics.ts';
import type { StockReturn } from './stock-return.ts';
import { notHere } from './refusals.ts';
import { orderOf, type ArchivedRow, type OrderRow, type OrdersStore } from './store/index.ts';

export interface OrdersParts {
  readonly store: OrdersStore;
  readonly placements: Batcher<PlacementRequest, Placement>;
  readonly stockReturn: StockReturn;
  readonly clients: ServiceClients;
  readonly runtime: Runtime;
  readonly statusMetrics: StatusMetrics;
  readonly admission: Pick<AdmissionControl, 'countRejected'>;
  /** Called when there is something new in the outbox. */
  readonly wakeOutbox: () => void;
}

/** How often a placement is tried again that another one of the same id is in the way of. */
const MAX_TRIES = 5;

const userNotFound = (userId: string) => refuse('USER_NOT_FOUND', `There is no user ${userId}`);

/** Somebody else's order is as one that is not there. */
const isOwn = (row: OrderRow | undefined, owner: string | undefined): boolean =>
  owner === undefined || row?.userId === owner;

const listed = ({ id, userId, status, lines }: OrderRow) => ({ orderId: id, userId, status, items: lines });

const submit = async (
  { placements, runtime }: OrdersParts,
  request: PlacementRequest,
): Promise<Placement> => {
  for (let attempt = 1; ; attempt += 1) {
    const placement = await placements.submit(request);
    if (placement.outcome !== 'UNDECIDED' || attempt >= MAX_TRIES) return placement;
    await sleep(runtime, backoffMs(runtime, attempt, 20, 200));
  }
};

const idTaken = (orderId: string, archivedAt: Date | undefined): string =>
  archivedAt
    ? `The order id ${orderId} is taken by an order that was archived at ${archivedAt.toISOString()}`
    : `The order id ${orderId} is taken by another order`;

const refuseForNow = (reason: SheddingReason): Reply<never> => {
  const { sentence, retryAfterS } = SHEDDING_RESPONSES[reason];
  return { ...refuse('UNAVAILABLE', sentence), headers: { 'retry-after': String(retryAfterS) } };
};

const placementReply = (placement: Placement, { order }: PlacementRequest): Reply<PlacedReply> => {
  const { orderId, userId } = order;
  switch (placement.outcome) {
    case 'PLACED':
      return created({ message: 'Order placed successfully' as const, orderId });
    case 'ID_TAKEN':
      return refuse('ID_TAKEN', idTaken(orderId, placement.archivedAt));
    case 'UNKNOWN_USER':
      return userNotFound(userId);
    case 'UNKNOWN_ITEM':
      return refuse('ITEM_NOT_FOUND', `There is no item ${placement.itemIds.join(', ')}`, placement.itemIds);
    case 'NOT_ENOUGH_STOCK':
      return refuse(
        'NOT_ENOUGH_STOCK',
        `Not enough stock of ${placement.short.map(({ itemId }) => itemId).join(', ')}`,
        placement.short,
      );
    case 'UNDECIDED':
      throw unavailable(`Another order with the id ${orderId} is being placed, try again in a moment`);
    case 'NOT_NOW':
      return refuseForNow(placement.reason);
    case 'FAILED':
      throw placement.error;
  }
};

interface PlacedReply {
  message: 'Order placed successfully';
  orderId: string;
}

const createCommandRoutes = (parts: OrdersParts) => {
  const { store, stockReturn, statusMetrics, admission, runtime } = parts;
  return {
    placeOrder: async (
      { body }: { body: { order: PlacementRequest['order'] } },
      call: PlacementRequest['call'],
    ) => {
      const owner = ownerFor(ordersApi.placeOrder.access, call.actor);
      if (owner !== undefined && body.order.userId !== owner)
        return refuse('FORBIDDEN', 'An order for somebody else takes the scope orders:write.any');
      const request = { order: body.order, call };
      const placement = await submit(parts, request);
      if (placement.outcome === 'PLACED' && placement.isNew) {
        parts.wakeOutbox();
        statusMetrics.placed();
        call.logger.info({ orderId: body.order.orderId, status: 'PENDING' }, 'order placed');
      }
      if (placement.outcome === 'NOT_NOW') admission.countRejected(placement.reason);
      return placementReply(placement, request);
    },

    cancelOrder: async (
      { params: { orderId }, headers }: Input<typeof ordersApi.cancelOrder>,
      call: PlacementRequest['call'],
    ) => {
      const owner = ownerFor(ordersApi.cancelOrder.access, call.actor);
      const reason = headers?.[REASON_HEADER];
      const records = recordsOf(call, { action: 'CANCEL_ORDER', targets: [orderId], reason }, runtime);
      const acting = { userId: call.actor.userId, records };
      const cancelled = await store.cancelOrder(
        orderId,
        owner === undefined && records.length > 0 ? { acting } : { owner },
      );
      if (!cancelled) {
        const { orders, archived } = await store.findKnown([orderId]);
        const row = orders.get(orderId);
        const decision = decideCancellation(isOwn(row, owner) ? row?.status : undefined);
        if (decision.outcome === 'NOT_FOUND') return notHere(orderId, archived.get(orderId), owner);
        return refuse('ORDER_NOT_CANCELLABLE', decision.sentence);
      }
      statusMetrics.moved('CANCELLED', [cancelled.times]);
      call.logger.info({ orderId, status: 'CANCELLED' }, 'order cancelled');
      await stockReturn.giveBack([cancelled.reservation], call);
      return ok({ message: 'Order cancelled successfully' as const, orderId, status: 'CANCELLED' as const });
    },
  };
};

/** Orders that are read at the same moment are read with one statement: many wait for the same turn of the workflow. */
const createOrderReads = ({ store, runtime }: OrdersParts) =>
  createBatcher<string, { readonly row?: OrderRow | undefined; readonly archived?: ArchivedRow | undefined }>(
    {
      runtime,
      maxSize: MAX_READ_TOGETHER,
      maxConcurrent: 2,
      run: async (orderIds) => {
        const { orders, archived } = await store.findKnown(orderIds);
        return orderIds.map((orderId) => ({ row: orders.get(orderId), archived: archived.get(orderId) }));
      },
    },
  );

/** What clients ask. */
const createClientRoutes = (parts: OrdersParts): Route[] => {
  const { store, clients } = parts;
  const reads = createOrderReads(parts);
  return routesOf(ordersApi, {
    ...createCommandRoutes(parts),

    listOrders: async ({ query }, { actor, signal }) => {
      const userId = ownerFor(ordersApi.listOrders.access, actor);
      const page = await store.listOrders(pageRequest(query), { status: query.status, userId }, signal);
      return ok(page.rows.map(listed), pageHeaders(ordersApi.listOrders.path, query, page.next));
    },

    listOrdersOfUser: async ({ params: { userId }, query }, call) => {
      const owner = ownerFor(ordersApi.listOrdersOfUser.access, call.actor);
      if (owner !== undefined && userId !== owner) return userNotFound(userId);
      const page = await store.listOrders(pageRequest(query), { userId }, call.signal);
      if (page.rows.length === 0) {
        const known = await clients.call(usersApi.findUsers, { body: { userIds: [userId] } }, call);
        if (known.userIds.length === 0) return userNotFound(userId);
      }
      const path = ordersApi.listOrdersOfUser.path.replace(':userId', encodeURIComponent(userId));
      return ok(page.rows.map(listed), pageHeaders(path, query, page.next));
    },

    getOrder: async ({ params: { orderId } }, { actor }) => {
      const owner = ownerFor(ordersApi.getOrder.access, actor);
      const { row, archived } = await reads.submit(orderId);
      return row && isOwn(row, owner) ? ok(orderOf(row)) : notHere(orderId, archived, owner);
    },

    getOrderHistory: async ({ params: { orderId } }, { actor }) => {
      const owner = ownerFor(ordersApi.getOrderHistory.access, actor);
      const history = await store.readHistory(orderId, owner);
      if (history.length === 0) {
        const { archived } = await store.findKnown([orderId]);
        return notHere(orderId, archived.get(orderId), owner);
      }
      return ok(owner === undefined ? history : withoutEvents(history));
    },
  });
};

/** The event that asks for the transition of each order; the first where several do. */
const eventsByOrder = (
  orderIds: readonly string[],
  events: readonly (EventPlace | null)[] = [],
): ReadonlyMap<string, EventPlace> => {
  const byOrder = new Map<string, EventPlace>();
  for (const [index, event] of events.entries()) {
    const orderId = orderIds[index];
    if (event && orderId !== undefined && !byOrder.has(orderId)) byOrder.set(orderId, event);
  }
  return byOrder;
};

/** What other services ask. */
const createLifecycleRoutes = ({ store, statusMetrics }: OrdersParts): Route[] =>
  routesOf(orderLifecycleApi, {
    moveOrders: async ({ body: { to, orderIds, cause, events } }) => {
      const { results, times } = await store.moveOrders(
        to,
        [...new Set(orderIds)],
        cause,
        eventsByOrder(orderIds, events),
      );
      statusMetrics.moved(to, times);
      return ok({ results });
    },

    recordPositions: async ({ body: { positions } }) => {
      const firsts = new Map(positions.toReversed().map((position) => [position.orderId, position]));
      return ok({ recorded: await store.recordPositions([...firsts.values()]) });
    },

    findOrderStatuses: async ({ body: { orderIds } }) => ok({ orders: await store.findStatuses(orderIds) }),

    findOrders: async ({ body: { orderIds } }) => {
      const rows = await store.findOrders(orderIds);
      return ok({ orders: [...rows.values()].map(orderOf) });
    },

    findHistories: async ({ body: { orderIds } }) => {
      const histories = [...(await store.readHistories(orderIds))].filter(([, { length }]) => length > 0);
      return ok({
        histories: histories.map(([orderId, history]) => ({ orderId, history: [...history] })),
      });
    },

    findOverdueOrders: async ({ body: { olderThanMs, after, limit } }) =>
      ok({ orderIds: await store.findOverdue(olderThanMs, after, limit) }),

    settleReservations: async ({ body: { reservations } }, { logger }) => {
      const settlements = await store.settleReservations(reservations);
      for (const { orderId, verdict } of settlements) {
        if (verdict === 'ABANDONED') logger.info({ orderId }, 'orphaned reservation fenced');
      }
      return ok({ settlements });
    },
  });

const ordersActions = { findOrdersActions: serviceActionsApi.findOrdersActions } as const;

export const createOrdersRoutes = (parts: OrdersParts): Route[] => [
  ...createClientRoutes(parts),
  ...createLifecycleRoutes(parts),
  ...createExportRoutes(parts),
  ...routesOf(ordersActions, {
    findOrdersActions: async ({ body }) => ok({ actions: await parts.store.findActions(body) }),
  }),
];
