import { beforeAll, expect, test } from '@jest/globals';
import { apiGatewayService } from '@order-pipeline/api-gateway';
import { orderLifecycleApi, type HistoryEntry, type WorkerTarget } from '@order-pipeline/contracts';
import { createOrderPipeline } from '@order-pipeline/gateway-client';
import { ordersFacadeService } from '@order-pipeline/orders-facade';
import { eventually, inTurn, startTestService, type TestService } from '@order-pipeline/testing';
import { closeAfterTests } from '@order-pipeline/testing/fixtures';
import { unique } from '../gateway.ts';
import { useOwners } from './owners.ts';

const patient = { timeoutMs: 30_000 };
const owners = useOwners();
let facade: TestService;
let gateways: TestService[];

beforeAll(async () => {
  closeAfterTests(() => inTurn(...[...(gateways ?? []), facade].map((one) => () => one?.close())));
  facade = await startTestService(ordersFacadeService, { clients: owners.clients });
  const clients = { 'orders-facade': facade.routes };
  gateways = await Promise.all([1, 2].map(() => startTestService(apiGatewayService, { clients })));
}, 60_000);

const move = (orderId: string, to: WorkerTarget) =>
  owners.orders.call(orderLifecycleApi.moveOrders, { body: { to, orderIds: [orderId], cause: 'test' } });

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
