import { beforeAll, expect, test } from '@jest/globals';
import { apiGatewayService } from '@order-pipeline/api-gateway';
import { orderLifecycleApi, type WorkerTarget } from '@order-pipeline/contracts';
import { ordersFacadeService } from '@order-pipeline/orders-facade';
import { eventually, inTurn, startTestService, type TestService } from '@order-pipeline/testing';
import { closeAfterTests } from '@order-pipeline/testing/fixtures';
import { createGateway, unique, type Gateway } from '../gateway.ts';
import { useOwners } from './owners.ts';

/** The services that own data in this process, and in front of them, each over HTTP, a facade and two gateways. */
const owners = useOwners();
let facade: TestService;
let gateways: TestService[];
let clients: Gateway[];
const before: { 'orders-facade'?: string } = {};

const startFacade = async (): Promise<void> => {
  facade = await startTestService(ordersFacadeService, { clients: owners.clients });
  before['orders-facade'] = await facade.listen();
};

beforeAll(async () => {
  closeAfterTests(() =>
    inTurn(...[...(clients ?? []), ...(gateways ?? []), facade].map((one) => () => one?.close())),
  );
  await startFacade();
  gateways = await Promise.all([1, 2].map(() => startTestService(apiGatewayService, { clients: before })));
  clients = await Promise.all(gateways.map(async (gateway) => createGateway(await gateway.listen())));
}, 60_000);

const place = async (): Promise<string> => {
  const [client] = clients;
  const [userId, itemId, orderId] = [unique('user'), unique('item'), unique('order')];
  await client?.addUser(userId);
  await client?.addItem(itemId, 10);
  await client?.place(orderId, userId, { [itemId]: 1 });
  return orderId;
};

const move = (orderId: string, to: WorkerTarget) =>
  owners.orders.call(orderLifecycleApi.moveOrders, { body: { to, orderIds: [orderId], cause: 'test' } });

const waitersOf = async (gateway: TestService): Promise<number> => {
  const metric = await gateway.registry.getSingleMetric('order_waiters')?.get();
  return metric?.values[0]?.value ?? 0;
};

const untilAllWait = () =>
  eventually(async () => expect(await Promise.all(gateways.map(waitersOf))).toEqual([1, 1]), {
    timeoutMs: 20_000,
  });

test('two gateways know nothing of one another, and each answers its own as soon as the order is there', async () => {
  const orderId = await place();
  const answers = clients.map((client) => client.get(`/api/orders/${orderId}?until=PROCESSING&wait=60`));
  await untilAllWait();
  await move(orderId, 'PROCESSING');
  for (const answer of await Promise.all(answers)) {
    expect(answer).toMatchObject({ status: 200, body: { orderId, status: 'PROCESSING' } });
    expect(answer.headers['preference-applied']).toBe('wait=60');
  }
});

test('what happens while the way to the orders service is broken is not missed', async () => {
  const orderId = await place();
  const answers = clients.map((client) => client.get(`/api/orders/${orderId}?until=SHIPPED&wait=60`));
  await untilAllWait();
  await facade.close();
  await move(orderId, 'PROCESSING');
  await move(orderId, 'SHIPPED');
  await move(orderId, 'DELIVERED');
  await startFacade();
  for (const answer of await Promise.all(answers)) {
    expect(answer).toMatchObject({ status: 200, body: { orderId, status: 'DELIVERED' } });
  }
}, 30_000);

test('those who wait hold no connection to the database', async () => {
  const ids = await Promise.all(Array.from({ length: 30 }, place));
  const first = clients[0] as Gateway;
  const answers = ids.map((orderId) => first.get(`/api/orders/${orderId}?until=PROCESSING&wait=60`));
  await eventually(async () => expect(await waitersOf(gateways[0] as TestService)).toBe(30), {
    timeoutMs: 20_000,
  });
  // More than the pool has connections, and all else is answered.
  expect(await place()).toBeTruthy();
  for (const orderId of ids) await move(orderId, 'PROCESSING');
  for (const answer of await Promise.all(answers))
    expect(answer.body).toMatchObject({ status: 'PROCESSING' });
}, 60_000);
