import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ordersApi } from '@order-pipeline/contracts';
import {
  eventually,
  inTurn,
  startTestReplication,
  type TestReplica,
  type TestReplication,
  type TestService,
} from '@order-pipeline/testing';
import { fresh, sampleOf, startHarness, type Harness } from './harness.ts';

let replication: TestReplication;
let replica: TestReplica;
let harness: Harness;
/** An instance that waits for its replica whatever the machine does meanwhile, and one that does not. */
let patient: TestService;
let impatient: TestService;

const readingFrom = (url: string, maxLagMs: number) =>
  harness.anotherOrders({
    environment: { ORDERS_DATABASE_READ_URL: url, ORDERS_DATABASE_READ_MAX_LAG_MS: String(maxLagMs) },
  });

beforeAll(async () => {
  replication = await startTestReplication();
  const [first] = replication.replicas;
  if (!first) throw new Error('there is no replica');
  replica = first;
  harness = await startHarness(replication.primary);
  const url = replica.url(harness.urls.orders);
  await replication.settle();
  patient = await readingFrom(url, 60_000);
  impatient = await readingFrom(url, 1);
}, 120_000);

afterAll(() =>
  inTurn(
    () => harness?.close(),
    () => replication?.stop(),
  ),
);

let userId: string;
let itemId: string;

beforeEach(async () => {
  userId = fresh('user');
  await harness.addUser(userId);
  itemId = await harness.addItem(100);
});

const listOn = async (service: TestService): Promise<unknown[]> => {
  const { body } = await service.call(ordersApi.listOrdersOfUser, { params: { userId }, query: {} });
  return Array.isArray(body) ? body : [body];
};

const outcomeOn = async (service: TestService, outcome: string): Promise<number> =>
  (await sampleOf(service, 'replica_reads_total', `,outcome="${outcome}"`)) || 0;

const placed = () => harness.placed({ [itemId]: 1 }, userId);

/** What operators ask that is answered by the replica. */
const LISTS = [
  '/api/orders',
  '/api/orders?status=CANCELLED',
  '/ops/dead-letters',
  '/ops/orders',
  '/internal/overview',
  '/metrics',
];

const expectAnswers = async (service: TestService): Promise<void> => {
  for (const path of LISTS) {
    const { statusCode, body } = await service.server.inject(path);
    expect([path, statusCode]).toEqual([path, 200]);
    // A part of the overview that could not be read.
    expect(body).not.toMatch(/"(?:orders|deadLetters)":null/);
  }
};

test('a list shows what its caller has just done through another instance', async () => {
  for (let round = 0; round < 5; round += 1) {
    const orderId = await placed();
    expect(await listOn(patient)).toContainEqual(expect.objectContaining({ orderId, status: 'PENDING' }));
    await harness.cancel(orderId);
    expect(await listOn(patient)).toContainEqual(expect.objectContaining({ orderId, status: 'CANCELLED' }));
  }
  expect(await outcomeOn(patient, 'answered')).toBeGreaterThanOrEqual(10);
  expect(await outcomeOn(patient, 'behind')).toBe(0);
});

test('while the replica is behind, lists show it all the same, and orders go their way', async () => {
  await replica.pause();
  try {
    const orderId = await placed();
    const cancelled = await placed();
    expect(await listOn(impatient)).toHaveLength(2);
    expect(await outcomeOn(impatient, 'behind')).toBeGreaterThan(0);
    // What is decided, and what is asked of one order, is never asked of the replica.
    const here = impatient;
    expect((await harness.cancel(cancelled, here)).status).toBe(200);
    expect((await harness.cancel(cancelled, here)).body).toMatchObject({
      error: expect.stringContaining('Current status: CANCELLED'),
    });
    for (const to of ['PROCESSING', 'SHIPPED', 'DELIVERED'] as const) {
      expect(await harness.move(to, [orderId], here)).toMatchObject([{ outcome: 'MOVED' }]);
      expect(await harness.move(to, [orderId], here)).toMatchObject([{ outcome: 'ALREADY' }]);
      const { body } = await here.call(ordersApi.getOrder, { params: { orderId } });
      expect(body).toMatchObject({ status: to });
    }
    const { body } = await here.call(ordersApi.getOrderHistory, { params: { orderId } });
    expect(body).toHaveLength(4);
    await expectAnswers(here);
  } finally {
    await replica.resume();
  }
});

// This ends it.
test('without its replica it is ready, and answers every list', async () => {
  const orderId = await placed();
  await replica.stop();
  for (const service of [patient, impatient]) {
    expect(await listOn(service)).toMatchObject([{ orderId }]);
    await expectAnswers(service);
    expect((await outcomeOn(service, 'failed')) + (await outcomeOn(service, 'rested'))).toBeGreaterThan(0);
    await eventually(async () => expect((await service.server.inject('/health/ready')).statusCode).toBe(200));
  }
});
