import { fillFolder } from '@order-pipeline/certificates';
import {
  ACTOR_HEADER,
  ANYBODY,
  CALLS_PATH,
  orderLifecycleApi,
  ordersApi,
  SERVICE_NAMES,
  serviceActor,
  type Actor,
  type Input,
  type Operation,
  type ServiceName,
} from '@order-pipeline/contracts';
import { createTestLogger, createTestRuntime, eventually } from '@order-pipeline/testing';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { actorText } from '../../src/http/actor-text.ts';
import {
  createBatchingTransport,
  createHealth,
  createHttpServer,
  createMetrics,
  ok,
  openCredentials,
  type Route,
  type WatchedCredentials,
} from '../../src/index.ts';

const CLIENT_TIMEOUT_MS = 20_000;
const alice: Actor = { kind: 'token', name: 'alice', userId: 'alice', scopes: ['orders:write'] };
const runtime = createTestRuntime();
const { logger, logs } = createTestLogger();

let top = '';
/** The folder of the certificates of all, and that of another authority with the same names in it. */
let ours = '';
let foreign = '';

beforeAll(async () => {
  top = await mkdtemp(path.join(tmpdir(), 'mutual-tls-'));
  ours = path.join(top, 'ours');
  foreign = path.join(top, 'foreign');
  for (const folder of [ours, foreign])
    await fillFolder({ folder, names: SERVICE_NAMES, days: 1, now: runtime.wallClock() });
});

afterAll(() => rm(top, { recursive: true }));

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const filesOf = (name: ServiceName, folder: string) => ({
  certificate: path.join(folder, `${name}.crt`),
  key: path.join(folder, `${name}.key`),
  authority: path.join(folder, 'ca.crt'),
});

const credentialsOf = (name: ServiceName, folder = ours): WatchedCredentials => {
  const credentials = openCredentials(filesOf(name, folder), { runtime, logger });
  closing.push(credentials.stop);
  return credentials;
};

const OPERATIONS = {
  move: orderLifecycleApi.moveOrders,
  settle: orderLifecycleApi.settleReservations,
  statuses: orderLifecycleApi.findOrderStatuses,
  order: ordersApi.getOrder,
};

interface Served {
  readonly url: string;
  readonly seen: Actor[];
  readonly server: FastifyInstance;
}

/** A server that says of every operation who asked. */
const serve = async (credentials = credentialsOf('orders')): Promise<Served> => {
  const seen: Actor[] = [];
  const registry = new Registry();
  const routes = Object.values<Operation>(OPERATIONS).map((operation): Route => ({
    operation,
    handle: async (_, { actor }) => {
      seen.push(actor);
      return ok({});
    },
  }));
  const server = await createHttpServer({
    routes,
    runtime,
    logger,
    registry,
    metrics: createMetrics(registry, 'orders'),
    health: createHealth(runtime),
    takesCalls: true,
    credentials,
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  closing.push(() => server.close());
  return { url: `https://127.0.0.1:${(server.server.address() as AddressInfo).port}`, seen, server };
};

const INPUTS: Readonly<Record<keyof typeof OPERATIONS, Input<Operation>>> = {
  move: { body: { to: 'SHIPPED', orderIds: ['o-1'], cause: 'a test' } },
  settle: { body: { reservations: [{ orderId: 'o-1', reservationId: 'r-1' }] } },
  statuses: { body: { orderIds: ['o-1'] } },
  order: { params: { orderId: 'o-1' }, query: {} },
};

const connect = (url: string, credentials?: WatchedCredentials, service: ServiceName = 'orders') => {
  const { transport, close } = createBatchingTransport(service, url, CLIENT_TIMEOUT_MS, runtime, credentials);
  closing.push(close);
  return (name: keyof typeof OPERATIONS, actor: Actor = ANYBODY) =>
    transport(OPERATIONS[name], INPUTS[name], {
      requestId: 'r',
      trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
      actor,
      logger,
    });
};

/** Asks as somebody who speaks TLS and shows what they have, if they have anything. */
const ask = (url: string, where: string, shown: object = {}, options: object = {}) => {
  const agent = new Agent({ connect: { rejectUnauthorized: false, ...shown } });
  closing.push(() => agent.close());
  return request(`${url}${where}`, { dispatcher: agent, ...options });
};

const post = (body: unknown, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** Written down here once more, as the table of the operations could be wrong. */
const MAY: Readonly<Record<keyof typeof OPERATIONS, readonly ServiceName[]>> = {
  move: ['workflow', 'shipping', 'delivery'],
  settle: ['inventory'],
  statuses: ['orders-facade', 'api-gateway'],
  order: ['orders-facade', 'api-gateway'],
};

test.each(SERVICE_NAMES)(
  'the certificate of %s may call what it has to, and nothing else',
  async (caller) => {
    const { url } = await serve();
    const call = connect(url, credentialsOf(caller));
    for (const name of Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]) {
      const { status, body } = await call(name);
      expect([name, status]).toEqual([name, MAY[name].includes(caller) ? 200 : 403]);
      if (status === 403) expect(body).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    }
  },
);

test('calls that travel together are refused as they are alone', async () => {
  const { url, seen } = await serve();
  const [shipping, gateway] = [credentialsOf('shipping'), credentialsOf('api-gateway')];
  const call = { requestId: 'r', traceparent: '', params: { orderId: 'o-1' }, query: {} };
  const body = { operation: 'GET /api/orders/:orderId', calls: [call, call] };
  const refused = await ask(url, CALLS_PATH, shipping.current(), post(body));
  expect([refused.statusCode, await refused.body.json()]).toMatchObject([403, { code: 'FORBIDDEN' }]);
  expect(seen).toEqual([]);
  const taken = await ask(url, CALLS_PATH, gateway.current(), post(body));
  expect([taken.statusCode, await taken.body.json()]).toMatchObject([
    200,
    { replies: [{ status: 200 }, {}] },
  ]);
  const [first, second] = await Promise.all([1, 2].map(() => connect(url, shipping)('order')));
  expect([first?.status, second?.status]).toEqual([403, 403]);
});

test('who shows no certificate, or one of another authority, gets nothing but probes and metrics', async () => {
  const { url, seen } = await serve();
  for (const shown of [{}, credentialsOf('workflow', foreign).current()]) {
    for (const where of [CALLS_PATH, orderLifecycleApi.moveOrders.path]) {
      const { statusCode, body } = await ask(url, where, shown, post({ not: 'even read' }));
      expect([where, statusCode, await body.json()]).toMatchObject([where, 403, { code: 'FORBIDDEN' }]);
    }
    for (const where of ['/health/live', '/health/ready', '/metrics']) {
      const { statusCode, body } = await ask(url, where, shown);
      await body.dump();
      expect([where, statusCode]).toEqual([where, 200]);
    }
  }
  await expect(ask(url.replace('https:', 'http:'), '/health/live')).rejects.toThrow();
  expect(seen).toEqual([]);
});

test('only who forwards the requests of clients may say for whom it asks', async () => {
  const { url, seen } = await serve();
  await connect(url, credentialsOf('orders-facade'))('order', alice);
  await connect(url, credentialsOf('shipping'))('move', alice);
  const calls = [{ requestId: 'r', traceparent: '', actor: actorText(alice), ...INPUTS.move }];
  const body = { operation: `POST ${orderLifecycleApi.moveOrders.path}`, calls };
  const forged = post(body, { [ACTOR_HEADER]: actorText(alice) });
  await (await ask(url, CALLS_PATH, credentialsOf('delivery').current(), forged)).body.dump();
  expect(seen).toEqual([alice, serviceActor('shipping'), serviceActor('delivery')]);
});

test('a service asks nobody who does not prove to be the one that is asked', async () => {
  const asShipping = await serve(credentialsOf('shipping'));
  const asStranger = await serve(credentialsOf('orders', foreign));
  for (const { url, seen } of [asShipping, asStranger]) {
    await expect(connect(url, credentialsOf('workflow'))('move')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(seen).toEqual([]);
  }
});

/** Puts the files of one folder in the place of those of another. */
const exchange = async (name: ServiceName, from: string, to: string): Promise<void> => {
  for (const kind of ['key', 'crt'])
    await copyFile(path.join(from, `${name}.${kind}`), path.join(to, `${name}.${kind}`));
  await copyFile(path.join(from, 'ca.crt'), path.join(to, 'ca.crt'));
};

test('new certificates are taken without a restart, and those of before are worth nothing then', async () => {
  const rotated = path.join(top, 'rotated');
  await fillFolder({ folder: rotated, names: ['orders', 'workflow'], days: 1, now: runtime.wallClock() });
  const [served, asked] = [credentialsOf('orders', rotated), credentialsOf('workflow', rotated)];
  const { url, server } = await serve(served);
  const call = connect(url, asked);
  const before = asked.current();
  expect((await call('move')).status).toBe(200);
  for (const name of ['orders', 'workflow'] as const) await exchange(name, foreign, rotated);
  served.reload();
  asked.reload();
  server.server.closeAllConnections();
  await eventually(async () => expect((await call('move')).status).toBe(200));
  const old = await ask(url, orderLifecycleApi.moveOrders.path, before, post(INPUTS.move.body));
  expect(old.statusCode).toBe(403);
  await old.body.dump();
});

test('the files are looked at again and again', async () => {
  const folder = path.join(top, 'watched');
  await fillFolder({ folder, names: ['orders'], days: 1, now: runtime.wallClock() });
  const hurried = { ...runtime, after: (ms: number, fn: () => void) => runtime.after(ms / 100, fn) };
  const credentials = openCredentials(filesOf('orders', folder), { runtime: hurried, logger });
  closing.push(credentials.stop);
  const { cert } = credentials.current();
  await fillFolder({ folder, names: ['orders'], days: 1, now: runtime.wallClock() });
  await eventually(() => expect(credentials.current().cert).not.toBe(cert));
});

test('a certificate whose key is not there yet is reported once, and waited for', async () => {
  const folder = path.join(top, 'halves');
  await fillFolder({ folder, names: ['orders'], days: 1, now: runtime.wallClock() });
  const credentials = credentialsOf('orders', folder);
  const before = credentials.current();
  await copyFile(path.join(foreign, 'orders.crt'), path.join(folder, 'orders.crt'));
  const loggedBefore = logs.length;
  for (let look = 0; look < 3; look += 1) credentials.reload();
  expect(credentials.current()).toEqual(before);
  expect(logs.slice(loggedBefore)).toEqual([
    expect.objectContaining({ level: 40, reason: expect.stringContaining('key values mismatch') }),
  ]);
  await copyFile(path.join(foreign, 'orders.key'), path.join(folder, 'orders.key'));
  credentials.reload();
  expect(credentials.current()).not.toEqual(before);
});
