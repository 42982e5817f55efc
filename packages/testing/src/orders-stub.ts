import {
  orderLifecycleApi,
  type EventPlace,
  PREDECESSOR,
  type OrderStatus,
  type PublishedPosition,
  type OrderWithTimes,
  type TransitionResult,
  type WorkerTarget,
} from '@order-pipeline/contracts';
import {
  createRuntime,
  ok,
  routesOf,
  type CallContext,
  type Route,
  type Runtime,
} from '@order-pipeline/service-kit';

/** A call to move orders, with who asked. */
interface Move {
  readonly orderIds: readonly string[];
  /** The events that ask for it, in the same order. */
  readonly events: readonly (EventPlace | null)[] | undefined;
  readonly call: CallContext;
}

/** The part of the orders service that workers ask, over orders that it keeps in memory. */
export interface OrdersStub {
  readonly routes: readonly Route[];
  /** Puts an order in; PENDING and as old as the epoch, unless said otherwise. */
  put(orderId: string, status?: OrderStatus, updatedAt?: Date): OrderWithTimes;
  statusOf(orderId: string): OrderStatus | undefined;
  /** Who moved the order, in their order. */
  causesOf(orderId: string): readonly string[];
  /** How often it was asked to move each order. */
  asked(orderId: string): number;
  /** Every call that it got to move orders, with who asked. */
  readonly moves: readonly Move[];
  /** The positions that were reported of an order's last event, in their order. */
  positionsOf(orderId: string): readonly EventPlace[];
  /** The order makes every batch that it is in fail, for a reason of its own. */
  breakOrder(orderId: string): void;
}

const createPositions = () => {
  const reported: PublishedPosition[] = [];
  return {
    record: (positions: readonly PublishedPosition[]): number => {
      reported.push(...positions);
      return positions.length;
    },
    of: (orderId: string): EventPlace[] =>
      reported
        .filter((position) => position.orderId === orderId)
        .map(({ partition, offset }) => ({ partition, offset })),
  };
};

/**
 * Orders with the compare-and-set of the real service.
 *
 * @param runtime whose clock says when orders were moved and which are overdue
 */
export const createOrdersStub = ({ wallClock }: Pick<Runtime, 'wallClock'> = createRuntime()): OrdersStub => {
  const orders = new Map<string, OrderWithTimes>();
  const causes = new Map<string, string[]>();
  const broken = new Set<string>();
  const moves: Move[] = [];
  const positions = createPositions();

  const move = (orderId: string, to: WorkerTarget, cause: string): TransitionResult => {
    const order = orders.get(orderId);
    if (order?.status === to) return { outcome: 'ALREADY', order };
    if (order?.status !== PREDECESSOR[to])
      return { outcome: 'SKIPPED', orderId, ...(order ? { status: order.status } : {}) };
    const moved = { ...order, status: to, updatedAt: new Date(wallClock()).toISOString() };
    orders.set(orderId, moved);
    causes.set(orderId, [...(causes.get(orderId) ?? []), cause]);
    return { outcome: 'MOVED', order: moved };
  };

  const isOverdue = ({ status, updatedAt }: OrderWithTimes, olderThanMs: number): boolean =>
    status === 'PENDING' && Date.parse(updatedAt) <= wallClock() - olderThanMs;

  return {
    routes: routesOf(orderLifecycleApi, {
      moveOrders: async ({ body: { to, orderIds, cause, events } }, call) => {
        moves.push({ orderIds, events, call });
        const bad = orderIds.find((orderId) => broken.has(orderId));
        if (bad !== undefined) throw new Error(`${bad} is broken`);
        return ok({ results: orderIds.map((orderId) => move(orderId, to, cause)) });
      },
      recordPositions: async ({ body }) => ok({ recorded: positions.record(body.positions) }),
      findOrderStatuses: async ({ body: { orderIds } }) => {
        const found = orderIds.flatMap((orderId) => orders.get(orderId) ?? []);
        return ok({ orders: found.map(({ orderId, status }) => ({ orderId, status })) });
      },
      findOverdueOrders: async ({ body: { olderThanMs, after, limit } }) => {
        const overdue = [...orders.values()].filter((order) => isOverdue(order, olderThanMs));
        const ids = overdue.map(({ orderId }) => orderId).toSorted();
        const rest = after === undefined ? ids : ids.filter((orderId) => orderId > after);
        return ok({ orderIds: rest.slice(0, limit) });
      },
      findOrders: async ({ body: { orderIds } }) =>
        ok({ orders: orderIds.flatMap((orderId) => orders.get(orderId) ?? []) }),
      findHistories: async () => ok({ histories: [] }),
      settleReservations: async () => ok({ settlements: [] }),
    }),
    put: (orderId, status = 'PENDING', updatedAt = new Date(0)) => {
      const at = updatedAt.toISOString();
      const items = [{ itemId: 'item1', quantity: 3 }];
      const order = { orderId, userId: 'user11', items, status, createdAt: at, updatedAt: at };
      orders.set(orderId, order);
      return order;
    },
    statusOf: (orderId) => orders.get(orderId)?.status,
    positionsOf: positions.of,
    causesOf: (orderId) => causes.get(orderId) ?? [],
    asked: (orderId) => moves.filter(({ orderIds }) => orderIds.includes(orderId)).length,
    moves,
    breakOrder: (orderId) => void broken.add(orderId),
  };
};
