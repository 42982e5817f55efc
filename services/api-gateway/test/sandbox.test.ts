import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  inventoryApi,
  ordersApi,
  SANDBOX_FAULTS,
  sandboxApi,
  usersApi,
  type Operation,
  type Sandbox,
  type SandboxFault,
} from '@order-pipeline/contracts';
import { created, unavailable, type FaultSwitch, type Route } from '@order-pipeline/service-kit';
import { createManualTime, eventually, startTestService, type TestService } from '@order-pipeline/testing';
import { apiGatewayService } from '../src/index.ts';

type Orders = { readonly order: { readonly orderId: string; readonly userId: string } };

let time: ReturnType<typeof createManualTime>;
let gateway: TestService;
/** The faults that are on. */
let on: Set<SandboxFault>;
let begun: number;
let placed: string[];
let asked: Operation[];
let answerOrder: () => Promise<ReturnType<typeof created>>;

const switchOf = (fault: SandboxFault): FaultSwitch => ({
  on: () => {
    on.add(fault);
    begun += 1;
  },
  off: () => void on.delete(fault),
  hits: () => (on.has(fault) ? 7 : 0),
});

const facade: readonly Route[] = [
  ...[usersApi.registerUser, inventoryApi.addItem].map((operation) => ({
    operation,
    handle: async () => {
      asked.push(operation);
      return created({});
    },
  })),
  {
    operation: ordersApi.placeOrder,
    handle: async ({ body }) => {
      placed.push((body as Orders).order.orderId);
      return answerOrder();
    },
  },
];

const noAudit = () => Promise.reject(new Error('nobody asks for it here'));

const start = (isEmbedded = true): Promise<TestService> => {
  const faults = Object.fromEntries(SANDBOX_FAULTS.map((fault) => [fault, switchOf(fault)]));
  return startTestService(apiGatewayService, {
    runtime: time.runtime,
    environment: { RATE_LIMIT: 'off' },
    clients: { 'orders-facade': facade },
    ...(isEmbedded
      ? { embedded: { faults: faults as Record<SandboxFault, FaultSwitch>, audit: noAudit } }
      : {}),
  });
};

beforeEach(async () => {
  time = createManualTime();
  [on, begun, placed, asked] = [new Set(), 0, [], []];
  answerOrder = async () => created({});
  gateway = await start();
});
afterEach(() => gateway.close());

const call = async (operation: Operation, body?: object): Promise<Sandbox> => {
  const reply = await gateway.call(operation, body ? { body } : {});
  expect(reply.status).toBe(200);
  return reply.body as Sandbox;
};
const switchTo = (fault: SandboxFault, isOn: boolean, seconds?: number) =>
  call(sandboxApi.switchFault, { fault, on: isOn, ...(seconds === undefined ? {} : { seconds }) });
const state = () => call(sandboxApi.getSandbox);
/** Moves the time in small steps, as the timers that follow one another need it. */
const pass = async (ms: number, stepMs = 100): Promise<void> => {
  for (let gone = 0; gone < ms; gone += stepMs) {
    time.advance(stepMs);
    await new Promise((resolve) => void setImmediate(resolve));
  }
};

test('its operations are there where all is embedded, and named in the documents; elsewhere there is none of it', async () => {
  const other = await start(false);
  try {
    for (const { path, method } of Object.values<Operation>(sandboxApi)) {
      const answer = await other.server.inject({ method, url: path });
      expect([path, answer.statusCode]).toEqual([path, 404]);
    }
    const has = async ({ server }: TestService) => {
      const { links } = (await server.inject('/')).json<{ links: object }>();
      const { paths } = (await server.inject('/openapi.json')).json<{ paths: object }>();
      return [
        'sandbox' in links,
        Object.keys(paths).filter((path) => path.startsWith('/ops/sandbox')).length,
      ];
    };
    expect(await has(other)).toEqual([false, 0]);
    expect(await has(gateway)).toEqual([true, Object.keys(sandboxApi).length]);
  } finally {
    await other.close();
  }
});

test('sample orders are placed at the rate, for as long as asked, for a user and items that are there before', async () => {
  await call(sandboxApi.placeSamples, { perSecond: 10, seconds: 10 });
  await pass(5_000);
  expect(placed.length).toBeGreaterThanOrEqual(45);
  expect(placed.length).toBeLessThanOrEqual(51);
  expect(new Set(placed).size).toBe(placed.length);
  expect(asked.filter((operation) => operation === usersApi.registerUser)).toHaveLength(1);
  expect((await state()).workload).toMatchObject({ perSecond: 10, refused: 0, inFlight: 0, endsInMs: 5_000 });
  await pass(5_000);
  const total = placed.length;
  expect((await state()).workload).toMatchObject({ perSecond: 0, endsInMs: 0, placed: total });
  await pass(5_000);
  expect(placed).toHaveLength(total);
});

test('orders that are not placed are counted as refused; too many that wait hold the others back', async () => {
  answerOrder = () => Promise.reject(unavailable('no'));
  await call(sandboxApi.placeSamples, { perSecond: 50, seconds: 5 });
  await pass(1_000, 20);
  expect((await state()).workload).toMatchObject({ placed: 0, refused: placed.length });
  answerOrder = () => new Promise(() => undefined);
  await pass(4_000, 20);
  // Each is given up after a while, so there would be twice as many.
  expect((await state()).workload.inFlight).toBeLessThanOrEqual(50);
  expect((await state()).workload.inFlight).toBeGreaterThan(40);
});

test('a fault ends by itself, when it is switched off, and begins anew when it is switched on again', async () => {
  await switchTo('BROKER_DOWN', true, 5);
  await pass(3_000);
  const { faults } = await switchTo('BROKER_DOWN', true, 5);
  expect(faults.find(({ fault }) => fault === 'BROKER_DOWN')).toMatchObject({ endsInMs: 5_000, hits: 7 });
  expect(begun).toBe(2);
  await pass(4_000);
  expect([...on]).toEqual(['BROKER_DOWN']);
  await pass(1_000);
  expect([...on]).toEqual([]);
  await switchTo('STOP_SHIPPING', true, 5);
  await switchTo('STOP_SHIPPING', false);
  expect([...on]).toEqual([]);
});

test('all of it ends when nobody renews the lease, and when the gateway stops', async () => {
  await switchTo('SLOW_DATABASE', true, 60);
  await call(sandboxApi.placeSamples, { perSecond: 1, seconds: 300 });
  for (const _ of [1, 2, 3]) {
    await pass(10_000);
    await call(sandboxApi.renewSandbox);
  }
  expect([...on]).toEqual(['SLOW_DATABASE']);
  // Looking at it renews nothing.
  await pass(10_000);
  expect((await state()).leaseMs).toBe(5_000);
  await pass(5_000);
  expect([...on]).toEqual([]);
  expect(await state()).toMatchObject({ leaseMs: 0, workload: { perSecond: 0 } });

  await switchTo('BROKER_DOWN', true, 60);
  await gateway.server.close();
  expect([...on]).toEqual([]);
});

test.each([
  ['/ops/sandbox/workload', { perSecond: 51 }],
  ['/ops/sandbox/workload', { perSecond: 1, seconds: 301 }],
  ['/ops/sandbox/faults', { fault: 'BROKER_DOWN', on: true, seconds: 61 }],
  ['/ops/sandbox/faults', { fault: 'EVERYTHING', on: true }],
])('what is beyond the limits is refused: %s %j', async (url, payload) => {
  await gateway.listen();
  const { statusCode } = await gateway.server.inject({ method: 'POST', url, payload });
  expect(statusCode).toBe(400);
  await eventually(() => expect([...on]).toEqual([]));
});
