import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { apiGatewayService } from '@order-pipeline/api-gateway';
import { orderLifecycleApi, type HistoryEntry, type WorkerTarget } from '@order-pipeline/contracts';
import { createOrderPipeline } from '@order-pipeline/gateway-client';
import { inventoryService } from '@order-pipeline/inventory';
import { ordersService } from '@order-pipeline/orders';
import { ordersFacadeService } from '@order-pipeline/orders-facade';
import type { Route } from '@order-pipeline/service-kit';
import {
  eventually,
  startTestPostgres,
  startTestService,
  type TestPostgres,
  type TestService,
} from '@order-pipeline/testing';
import { usersService } from '@order-pipeline/users';
import { unique } from '../gateway.ts';

const patient = { timeoutMs: 30_000 };
const behind: { users?: readonly Route[]; inventory?: readonly Route[]; orders?: readonly Route[] } = {};
let postgres: TestPostgres;
const services: TestService[] = [];
let orders: TestService;
let gateways: TestService[];

beforeAll(async () => {
  postgres = await startTestPostgres();
  const databaseUrl = (name: 'users' | 'inventory' | 'orders') => postgres.migratedDatabase(name);
  const shared = { clients: behind };
  const users = await startTestService(usersService, { ...shared, databaseUrl: await databaseUrl('users') });
  behind.users = users.routes;
  const inventory = await startTestService(inventoryService, {
    ...shared,
    databaseUrl: await databaseUrl('inventory'),
  });
  behind.inventory = inventory.routes;
  orders = await startTestService(ordersService, { ...shared, databaseUrl: await databaseUrl('orders') });
  behind.orders = orders.routes;
  const facade = await startTestService(ordersFacadeService, { clients: behind });
  services.push(facade, orders, inventory, users);
  const clients = { 'orders-facade': facade.routes };
  gateways = await Promise.all([1, 2].map(() => startTestService(apiGatewayService, { clients })));
}, 60_000);

afterAll(async () => {
  for (const service of [...(gateways ?? []), ...services]) await service.close();
  await postgres?.stop();
});

const move = (orderId: string, to: WorkerTarget) =>
  orders.call(orderLifecycleApi.moveOrders, { body: { to, orderIds: [orderId], cause: 'test' } });

test('a gateway that stops ends its streams, and they go on at another one, no step lost and none twice', async () => {
  const [first, second] = gateways as [TestService, TestService];
  const url = await first.listen();
  const pipeline = createOrderPipeline({ url });
  const [userId, itemId] = [unique('user'), unique('item')];
  await pipeline.users.register({ userId, name: 'Ann', email: 'ann@example.com' });
  await pipeline.items.add({ itemId, itemName: 'Lamp', availableQty: 1 });
  const orderId = await pipeline.orders.place({ userId, items: [{ itemId, quantity: 1 }] });
  const seen: HistoryEntry[] = [];
  const watching = (async () => {
    for await (const step of pipeline.orders.events(orderId)) seen.push(step);
  })();
  await eventually(() => expect(seen).toHaveLength(1), patient);
  await first.server.close();
  await move(orderId, 'PROCESSING');
  // At the same address, as behind a load balancer; the two share nothing.
  await second.server.listen({ host: '127.0.0.1', port: Number(new URL(url).port) });
  await move(orderId, 'SHIPPED');
  await move(orderId, 'DELIVERED');
  await watching;
  expect(seen.map(({ status }) => status)).toEqual(['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED']);
}, 60_000);
