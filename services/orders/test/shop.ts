import { inventoryApi, ordersApi, usersApi } from '@order-pipeline/contracts';
import { inventoryService } from '@order-pipeline/inventory';
import type { Broker, Route } from '@order-pipeline/service-kit';
import {
  createTestBroker,
  createTestRuntime,
  startTestPostgres,
  startTestService,
  type TestPostgres,
  type TestRuntime,
  type TestService,
} from '@order-pipeline/testing';
import { usersService } from '@order-pipeline/users';
import { ordersService } from '../src/index.ts';

/** The three services that own data, as they stand in life: each with its database, asking one another. */
export interface Shop {
  readonly users: TestService;
  readonly inventory: TestService;
  readonly orders: TestService;
  readonly broker: Broker;
  readonly runtime: { readonly inventory: TestRuntime; readonly orders: TestRuntime };
  /** Who answers for whom; may be changed while the services run. */
  readonly peers: { users?: readonly Route[]; inventory?: readonly Route[]; orders?: readonly Route[] };
  readonly databaseUrls: { readonly users: string; readonly inventory: string; readonly orders: string };
  addUser(userId: string): Promise<void>;
  addItem(itemId: string, availableQty: number): Promise<void>;
  place(orderId: string, lines: Record<string, number>, userId?: string): Promise<{ status: number; body: unknown }>;
  stockOf(itemId: string): Promise<{ availableQty: number; reservedQty: number }>;
  statusOf(orderId: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export const USER = 'user11';

const SETTINGS = { RESERVATION_CHECK_AFTER_MS: '300', REDRIVE_AFTER_MS: '600000' };

/** Starts a shop with one user. */
export const startShop = async (
  postgres: TestPostgres,
  environment: Record<string, string> = {},
  broker: Broker = createTestBroker(),
): Promise<Shop> => {
  const databaseUrls = {
    users: await postgres.freshDatabase('users'),
    inventory: await postgres.freshDatabase('inventory'),
    orders: await postgres.freshDatabase('orders'),
  };
  const runtime = { inventory: createTestRuntime(), orders: createTestRuntime() };
  const peers: Shop['peers'] = {};
  const shared = { environment: { ...SETTINGS, ...environment }, peers, broker };
  const users = await startTestService(usersService, { ...shared, databaseUrl: databaseUrls.users });
  peers.users = users.routes;
  const inventory = await startTestService(inventoryService, {
    ...shared,
    databaseUrl: databaseUrls.inventory,
    runtime: runtime.inventory,
  });
  peers.inventory = inventory.routes;
  const orders = await startTestService(ordersService, {
    ...shared,
    databaseUrl: databaseUrls.orders,
    runtime: runtime.orders,
  });
  peers.orders = orders.routes;

  const shop: Shop = {
    users,
    inventory,
    orders,
    broker,
    runtime,
    peers,
    databaseUrls,
    addUser: async (userId) => {
      await users.ask(usersApi.registerUser, { body: { userId, name: 'Sriram', email: 'sriram@example.com' } });
    },
    addItem: async (itemId, availableQty) => {
      await inventory.ask(inventoryApi.addItem, { body: { itemId, itemName: itemId, availableQty } });
    },
    place: (orderId, lines, userId = USER) => {
      const items = Object.entries(lines).map(([itemId, quantity]) => ({ itemId, quantity }));
      return orders.ask(ordersApi.placeOrder, { body: { order: { orderId, userId, items } } });
    },
    stockOf: async (itemId) => {
      const { body } = await inventory.ask(inventoryApi.getItem, { params: { itemId } });
      const { availableQty, reservedQty } = body as { availableQty: number; reservedQty: number };
      return { availableQty, reservedQty };
    },
    statusOf: async (orderId) => {
      const { body } = await orders.ask(ordersApi.getOrder, { params: { orderId } });
      return 'orderId' in body ? body.status : undefined;
    },
    close: async () => {
      await orders.close();
      await inventory.close();
      await users.close();
    },
  };
  await shop.addUser(USER);
  return shop;
};

export { startTestPostgres };
