import { connect } from 'node:net';
import { beforeEach } from '@jest/globals';
import { Strict, Text, ordersApi, usersApi, type Operation } from '@order-pipeline/contracts';
import {
  createManualTime,
  createTestLogger,
  defineTestService,
  startTestService,
  type TestService,
  type TestServiceOptions,
} from '@order-pipeline/testing';
import { useFixture } from '@order-pipeline/testing/fixtures';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { Registry } from 'prom-client';
import {
  AppError,
  createHealth,
  createHttpServer,
  createMetrics,
  DEFAULT_HTTP_ACCESS,
  unavailable,
  type CallContext,
  type HttpAccess,
  type Problem,
  type Reply,
  type Route,
} from '../../src/index.ts';

/** A read that only tests ask. */
export const testOperation = (path: string, more: Pick<Operation, 'params' | 'streams'> = {}): Operation => ({
  owner: 'orders',
  method: 'GET',
  path,
  summary: 'Test something',
  access: { kind: 'authenticated' },
  status: 200,
  reply: Strict({}),
  errors: [],
  idempotent: true,
  ...more,
});

/** An operation that ends as its name in the path says. */
export const endOperation = testOperation('/api/end/:how', { params: Strict({ how: Text('How', 'well') }) });

const endings: Record<string, () => Reply> = {
  broken: () => {
    throw new Error('the password is hunter2');
  },
  internal: () => {
    throw new AppError('INTERNAL', 'the password is hunter2');
  },
  down: () => {
    throw unavailable('The shelf does not answer');
  },
};

export interface Harness {
  readonly service: TestService;
  /** The operations that were asked, with what. */
  readonly asked: { readonly path: string; readonly input: unknown; readonly call: CallContext }[];
}

/** A service with the real contracts of users and orders, which answers everything with its example. */
export const startHarness = async (options: TestServiceOptions = {}): Promise<Harness> => {
  const asked: Harness['asked'] = [];
  const operations = [...Object.values(usersApi), ...Object.values(ordersApi), endOperation];
  const routes = operations.map((operation): Route => ({
    operation,
    handle: async (input, call) => {
      asked.push({ path: operation.path, input, call });
      const { how = '' } = (input.params ?? {}) as { how?: string };
      const body = 'exampleReply' in operation ? operation.exampleReply : {};
      return endings[how]?.() ?? { status: operation.status, body };
    },
  }));
  const harness = defineTestService('orders', async () => ({ routes }));
  return { service: await startTestService(harness, options), asked };
};

/** The same for the tests of a file, which ask it without a connection; each finds nothing asked yet. */
export const useHarness = () => {
  const harness = useFixture(
    () => startHarness(),
    ({ service }) => service.close(),
  );
  beforeEach(() => {
    harness.asked.length = 0;
  });
  const inject = (options: InjectOptions | string) => harness.service.server.inject(options);
  return {
    harness,
    inject,
    post: (url: string, payload: string | object | Buffer, headers: Record<string, string> = {}) =>
      inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json', ...headers } }),
  };
};

/** A server of one route that listens, and whose time passes by hand. */
export const listenByHand = async (
  route: Route,
  { access = {}, takesCalls = false }: { access?: Partial<HttpAccess>; takesCalls?: boolean } = {},
) => {
  const { runtime, advance } = createManualTime();
  const { logger, logs } = createTestLogger();
  const registry = new Registry();
  const server = await createHttpServer({
    routes: [route],
    runtime,
    logger,
    metrics: createMetrics(registry, 'orders'),
    registry,
    health: createHealth(runtime),
    takesCalls,
    access: { ...DEFAULT_HTTP_ACCESS, ...access },
  });
  const { port } = new URL(await server.listen({ host: '127.0.0.1', port: 0 }));
  return { server, port: Number(port), advance, logs, registry };
};

export const problemsOf = (response: LightMyRequestResponse) =>
  response.json<{ details?: Problem[] }>().details ?? [];

export const order = (other: object = {}) => ({
  order: { orderId: 'order-1', userId: 'user11', items: [{ itemId: 'item1', quantity: 3 }], ...other },
});

/** Sends bytes as they are and answers all that comes back until the other side closes. */
export const exchange = (url: string, ...parts: readonly (string | Buffer)[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    // A server that closes while it is still written to resets the connection; what it said before counts.
    socket.on('error', (error) => (answer ? resolve(answer) : reject(error)));
    socket.on('close', () => resolve(answer));
    for (const part of parts) socket.write(part);
  });

/** The status and the JSON of a raw HTTP answer. */
export const readAnswer = (raw: string): { status: number; head: string; body: unknown } => {
  const [head = '', body = ''] = raw.split('\r\n\r\n', 2);
  return { status: Number(head.split(' ')[1]), head, body: JSON.parse(body) };
};
