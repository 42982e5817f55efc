import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import {
  inventoryApi,
  orderLifecycleApi,
  ordersApi,
  usersApi,
  type HistoryEntry,
  type NewOrder,
  type Operation,
  type OrderLine,
  type OrderStatus,
  type ReservationRef,
  type Settlement,
  type TransitionResult,
  type WorkerTarget,
} from '@order-pipeline/contracts';
import { inventoryService } from '@order-pipeline/inventory';
import {
  createPrismaAdapter,
  replyOf,
  type Broker,
  type Reply,
  type Route,
} from '@order-pipeline/service-kit';
import {
  createTestBroker,
  createTestLogger,
  createTestRuntime,
  inTurn,
  startTestService,
  type TestPostgres,
  type TestRuntime,
  type TestService,
} from '@order-pipeline/testing';
import { useFixture } from '@order-pipeline/testing/fixtures';
import { usersService } from '@order-pipeline/users';
import { PrismaClient } from '../src/generated/client.ts';
import { ordersService } from '../src/index.ts';

export interface HarnessOptions {
  readonly environment?: Record<string, string>;
  readonly broker?: Broker;
  /** The time of the orders service, in milliseconds since the epoch: its wall clock, and what durations come from. */
  readonly now?: () => number;
  /** The wall clock of the orders service alone. */
  readonly wallClock?: () => number;
}

/** The three services that own data, as they run in production: each with its database, asking one another. */
export interface Harness {
  readonly inventory: TestService;
  readonly orders: TestService;
  readonly runtime: { readonly inventory: TestRuntime; readonly orders: TestRuntime };
  /** Who answers for whom; may be changed while the services run. */
  readonly clients: { users?: readonly Route[]; inventory?: readonly Route[]; orders?: readonly Route[] };
  /** The URLs of the databases. */
  readonly urls: { readonly users: string; readonly inventory: string; readonly orders: string };
  /** A look into the databases from outside; only for raw SQL. */
  readonly database: { readonly inventory: PrismaClient; readonly orders: PrismaClient };
  /** Starts another instance of the orders service on the same database. */
  anotherOrders(options?: HarnessOptions): Promise<TestService>;
  addUser(userId: string): Promise<void>;
  /** Adds an item under an id that no other test has. */
  addItem(availableQty: number, name?: string): Promise<string>;
  place(order: NewOrder, on?: TestService): Promise<Reply>;
  /** Places an order of these items, which has to work, and answers its id. */
  placed(quantities: Readonly<Record<string, number>>, userId?: string): Promise<string>;
  stockOf(itemId: string): Promise<unknown>;
  statusOf(orderId: string): Promise<OrderStatus | undefined>;
  historyOf(orderId: string): Promise<HistoryEntry[]>;
  cancel(orderId: string, on?: TestService): Promise<Reply>;
  move(to: WorkerTarget, orderIds: readonly string[], on?: TestService): Promise<TransitionResult[]>;
  /** Moves an order on, step by step, until it stands in `status`. */
  walk(orderId: string, status: OrderStatus): Promise<void>;
  settle(reservations: readonly ReservationRef[], on?: TestService): Promise<Settlement[]>;
  /** The reservation that the inventory holds for an order now. */
  heldFor(orderId: string): Promise<ReservationRef | undefined>;
  close(): Promise<void>;
}

export const USER = 'user11';

/** An id that no other test has. */
export const fresh = (name: string): string => `${name}-${randomUUID()}`;

export const linesOf = (quantities: Readonly<Record<string, number>>): OrderLine[] =>
  Object.entries(quantities).map(([itemId, quantity]) => ({ itemId, quantity }));

export const orderOf = (
  quantities: Readonly<Record<string, number>>,
  other: Partial<NewOrder> = {},
): NewOrder => ({ orderId: fresh('order'), userId: USER, items: linesOf(quantities), ...other });

export const countOf = (replies: readonly Reply[], status: number): number =>
  replies.filter((reply) => reply.status === status).length;

/** The ids of the events that wait in the outbox, the oldest first. */
export const waitingEvents = async ({ database }: Pick<Harness, 'database'>): Promise<string[]> => {
  const rows = await database.orders.$queryRaw<
    { id: string }[]
  >`SELECT event_id AS id FROM outbox ORDER BY id`;
  return rows.map(({ id }) => id);
};

/**
 * One sample of a metric of the orders service, as `GET /metrics` has it.
 *
 * @param labels those behind `service`, such as `,status="PENDING"`
 * @returns NaN where there is none
 */
export const sampleOf = async (
  { server }: Pick<TestService, 'server'>,
  name: string,
  labels = '',
): Promise<number> => {
  const { body } = await server.inject('/metrics');
  const line = body.split('\n').find((text) => text.startsWith(`${name}{service="orders"${labels}`));
  return Number(line?.split(' ').at(-1) ?? NaN);
};

/** The routes of a service, of which one operation is answered in another way. */
export const withRoute = (
  routes: readonly Route[],
  operation: Operation,
  handle: (answer: Route['handle']) => Route['handle'],
): Route[] =>
  routes.map((route) =>
    route.operation === operation ? { operation, handle: handle(route.handle) } : route,
  );

/** No background work runs unless a test wants it to. */
const CALM = { RESERVATION_CHECK_AFTER_MS: '600000', REPUBLISH_AFTER_MS: '600000' };

const openDatabase = (url: string): PrismaClient =>
  new PrismaClient({ adapter: createPrismaAdapter(url, 'test', createTestLogger().logger) });

const runtimeWith = ({ now, wallClock = now }: HarnessOptions): TestRuntime =>
  createTestRuntime({ ...(wallClock && { wallClock }), ...(now && { monotonic: now }) });

const startServices = async (postgres: TestPostgres, options: HarnessOptions) => {
  const urls = {
    users: await postgres.migratedDatabase('users'),
    inventory: await postgres.migratedDatabase('inventory'),
    orders: await postgres.migratedDatabase('orders'),
  };
  const clients: Harness['clients'] = {};
  const broker = options.broker ?? createTestBroker();
  const shared = { environment: { ...CALM, ...options.environment }, clients, broker };
  const runtime = { inventory: createTestRuntime(), orders: runtimeWith(options) };
  const users = await startTestService(usersService, { ...shared, databaseUrl: urls.users });
  clients.users = users.routes;
  const stock = { ...shared, databaseUrl: urls.inventory, runtime: runtime.inventory };
  const inventory = await startTestService(inventoryService, stock);
  clients.inventory = inventory.routes;
  const startOrders = (other: HarnessOptions, own: TestRuntime) =>
    startTestService(ordersService, {
      ...shared,
      environment: { ...shared.environment, ...other.environment },
      broker: other.broker ?? broker,
      databaseUrl: urls.orders,
      runtime: own,
    });
  const orders = await startOrders({}, runtime.orders);
  clients.orders = orders.routes;
  return { urls, clients, runtime, users, inventory, orders, startOrders };
};

const createQuestions = ({ inventory, orders }: Pick<Harness, 'inventory' | 'orders'>) => {
  const statusOf: Harness['statusOf'] = async (orderId) => {
    const { body } = await orders.call(ordersApi.getOrder, { params: { orderId } });
    return 'orderId' in body ? body.status : undefined;
  };
  const move: Harness['move'] = async (to, orderIds, on = orders) => {
    const body = { to, orderIds: [...orderIds], cause: 'test' };
    const reply = await on.call(orderLifecycleApi.moveOrders, { body });
    expect(reply.status).toBe(200);
    return 'results' in reply.body ? reply.body.results : [];
  };
  return {
    statusOf,
    move,
    stockOf: async (itemId: string) => {
      const { body } = await inventory.call(inventoryApi.getItem, { params: { itemId } });
      return 'itemId' in body ? { available: body.availableQty, reserved: body.reservedQty } : body;
    },
    historyOf: async (orderId: string) => {
      const { body } = await orders.call(ordersApi.getOrderHistory, { params: { orderId } });
      return Array.isArray(body) ? body : [];
    },
    walk: async (orderId: string, status: OrderStatus) => {
      for (const to of ['PROCESSING', 'SHIPPED', 'DELIVERED'] as const) {
        if ((await statusOf(orderId)) !== status) await move(to, [orderId]);
      }
      expect(await statusOf(orderId)).toBe(status);
    },
  };
};

const createCommands = ({ inventory, orders }: Pick<Harness, 'inventory' | 'orders'>) => {
  const place: Harness['place'] = (order, on = orders) =>
    on.call(ordersApi.placeOrder, { body: { order } }).catch((error: unknown) => replyOf(error, on.context));
  return {
    place,
    placed: async (quantities: Readonly<Record<string, number>>, userId = USER) => {
      const order = orderOf(quantities, { userId });
      expect(await place(order)).toMatchObject({ status: 201 });
      return order.orderId;
    },
    addItem: async (availableQty: number, name = 'item') => {
      const itemId = fresh(name);
      const body = { itemId, itemName: name, availableQty };
      expect((await inventory.call(inventoryApi.addItem, { body })).status).toBe(201);
      return itemId;
    },
    cancel: (orderId: string, on = orders) => on.call(ordersApi.cancelOrder, { params: { orderId } }),
    settle: async (reservations: readonly ReservationRef[], on = orders) => {
      const body = { reservations: [...reservations] };
      const reply = await on.call(orderLifecycleApi.settleReservations, { body });
      expect(reply.status).toBe(200);
      return 'settlements' in reply.body ? reply.body.settlements : [];
    },
  };
};

/** Starts the services with one user. */
export const startHarness = async (
  postgres: TestPostgres,
  options: HarnessOptions = {},
): Promise<Harness> => {
  const { urls, clients, runtime, users, inventory, orders, startOrders } = await startServices(
    postgres,
    options,
  );
  const database = { inventory: openDatabase(urls.inventory), orders: openDatabase(urls.orders) };
  const more: TestService[] = [];
  const addUser = async (userId: string): Promise<void> => {
    const body = { userId, name: 'Sriram', email: 'sriram@example.com' };
    expect((await users.call(usersApi.registerUser, { body })).status).toBe(201);
  };
  await addUser(USER);
  return {
    addUser,
    inventory,
    orders,
    runtime,
    clients,
    urls,
    database,
    ...createQuestions({ inventory, orders }),
    ...createCommands({ inventory, orders }),
    anotherOrders: async (other = {}) => {
      const another = await startOrders(other, runtimeWith({ ...options, ...other }));
      more.push(another);
      return another;
    },
    heldFor: async (orderId) => {
      const [held] = await database.inventory.$queryRaw<ReservationRef[]>`
        SELECT order_id AS "orderId", reservation_id AS "reservationId" FROM reservations
        WHERE state = 'HELD' AND order_id = ${orderId}`;
      return held;
    },
    close: () =>
      inTurn(
        () => Promise.all([...more, orders].map((service) => service.close())),
        () => Promise.all([inventory, users].map((service) => service.close())),
        () => Promise.all(Object.values(database).map((client) => client.$disconnect())),
      ),
  };
};

/** The services for the tests of this file. */
export const useHarness = (postgres: TestPostgres, options?: HarnessOptions): Harness =>
  useFixture(
    () => startHarness(postgres, options),
    (harness) => harness.close(),
  );
