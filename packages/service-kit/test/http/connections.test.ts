import { afterEach, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { eventually } from '@order-pipeline/testing';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import type { HttpAccess, Route } from '../../src/index.ts';
import { STOP_READERS_MS } from '../../src/http/slow-readers.ts';
import { listenByHand, testOperation } from './harness.ts';

/** More than the buffers of both ends of a connection hold. */
const LARGE_BYTES = 24 * 1_048_576;
const ANSWER = 'x'.repeat(LARGE_BYTES);

const large: Route = {
  operation: testOperation('/api/large'),
  handle: async () => ({ status: 200, body: ANSWER }),
};

const open: Socket[] = [];
let close: (() => Promise<void>) | undefined;

afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await close?.();
  close = undefined;
});

const start = async (access: Partial<HttpAccess>, takesCalls = false) => {
  const { registry, ...listening } = await listenByHand(large, { access, takesCalls });
  close = () => listening.server.close();
  const metric = async (reason: string) =>
    Number(
      new RegExp(`http_connections_ended_total\\{service="orders",reason="${reason}"\\} (\\d+)`).exec(
        await registry.metrics(),
      )?.[1] ?? 0,
    );
  return { ...listening, metric };
};

const dial = (port: number, localAddress = '127.0.0.1'): Socket => {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  // A connection that is refused may be reset.
  socket.on('error', () => undefined);
  open.push(socket);
  return socket;
};

const HEAD = 'Host: localhost\r\n\r\n';

/** Whether a connection is answered; one that is refused ends instead. */
const isAnswered = (socket: Socket, headers = ''): Promise<boolean> =>
  new Promise((resolve) => {
    // What comes before is the rest of an earlier answer.
    socket.on('data', (chunk) => {
      if (String(chunk).includes('"live"')) resolve(true);
    });
    socket.once('close', () => resolve(false));
    socket.write(`GET /health/live HTTP/1.1\r\n${headers}${HEAD}`);
  });

/** Asks for a large answer, reads how it begins, and no more. */
const beginToRead = async (port: number): Promise<Socket> => {
  const socket = dial(port);
  socket.write(`GET /api/large HTTP/1.1\r\n${HEAD}`);
  await once(socket, 'readable');
  return socket;
};

const bytesUntilClosed = (socket: Socket): Promise<number> =>
  new Promise((resolve) => {
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > LARGE_BYTES) resolve(bytes);
    });
    socket.once('close', () => resolve(bytes));
  });

test('who does not read an answer is dropped once its time is up', async () => {
  const { port, advance, metric, logs } = await start({ responseTimeoutMs: 5_000 });
  const socket = await beginToRead(port);
  // It is seen to leave after the first second.
  for (let second = 0; second < 5; second += 1) advance(1_000);
  expect(await metric('slow reader')).toBe(0);
  advance(1_000);
  expect(await metric('slow reader')).toBe(1);
  expect(await bytesUntilClosed(socket)).toBeLessThan(LARGE_BYTES);
  expect(logs).toContainEqual(expect.objectContaining({ level: 40, reason: 'slow reader', connections: 1 }));
});

test('who reads an answer in time has all of it', async () => {
  const { port, advance, metric } = await start({ responseTimeoutMs: 5_000 });
  const socket = await beginToRead(port);
  for (let second = 0; second < 4; second += 1) advance(1_000);
  expect(await bytesUntilClosed(socket)).toBeGreaterThan(LARGE_BYTES);
  // Only now has the server seen its end.
  expect(await isAnswered(socket)).toBe(true);
  for (let second = 0; second < 9; second += 1) advance(1_000);
  expect(await metric('slow reader')).toBe(0);
  expect(await isAnswered(socket)).toBe(true);
});

test('readers who hold more than 64 MB together are dropped before their time, the first first', async () => {
  const { port, advance, metric } = await start({ responseTimeoutMs: 60_000 });
  const first = await beginToRead(port);
  advance(10);
  const others = [await beginToRead(port), await beginToRead(port)];
  advance(999);
  advance(1_000);
  expect(await metric('slow reader')).toBe(1);
  expect(await bytesUntilClosed(first)).toBeLessThan(LARGE_BYTES);
  for (const other of others) expect(await bytesUntilClosed(other)).toBeGreaterThan(LARGE_BYTES);
});

/** Begins to stop a server, and answers once it takes no more connections. */
const beginToStop = async (server: FastifyInstance): Promise<{ readonly stopped: Promise<void> }> => {
  const stopped = server.close();
  await eventually(() => expect(server.server.listening).toBe(false));
  return { stopped };
};

test('a stop lets who reads have all of an answer that was on its way, and then ends the connection', async () => {
  const { server, port } = await start({ responseTimeoutMs: 60_000 });
  const reader = await beginToRead(port);
  const idle = dial(port);
  expect(await isAnswered(idle)).toBe(true);
  const { stopped } = await beginToStop(server);
  expect(await bytesUntilClosed(reader)).toBeGreaterThan(LARGE_BYTES);
  await stopped;
  // And who waited for nothing was not waited for.
  if (!idle.closed) await once(idle, 'close');
});

test('a stop waits so long for who does not read, and no longer', async () => {
  const { server, port, advance } = await start({ responseTimeoutMs: 60_000 });
  const socket = await beginToRead(port);
  const { stopped } = await beginToStop(server);
  advance(STOP_READERS_MS);
  await stopped;
  expect(await bytesUntilClosed(socket)).toBeLessThan(LARGE_BYTES);
});

test('a stop for which nothing is on its way waits for nothing', async () => {
  const { server, port } = await start({});
  expect(await isAnswered(dial(port))).toBe(true);
  await server.close();
});

test('connections are bounded in all, and one that ends makes room', async () => {
  const { port, metric } = await start({ maxConnections: 2 });
  const [first, second] = [dial(port), dial(port)];
  expect([await isAnswered(first), await isAnswered(second)]).toEqual([true, true]);
  expect(await isAnswered(dial(port))).toBe(false);
  expect(await metric('all')).toBe(1);
  first.destroy();
  await eventually(async () => expect(await isAnswered(dial(port))).toBe(true));
});

test('connections are bounded by address, and others have theirs', async () => {
  const { port, metric, logs } = await start({ maxConnectionsPerAddress: 1 });
  const first = dial(port);
  expect(await isAnswered(first)).toBe(true);
  for (let attempt = 0; attempt < 3; attempt += 1) expect(await isAnswered(dial(port))).toBe(false);
  expect(await metric('address')).toBe(3);
  expect(logs.filter(({ reason }) => reason === 'address')).toHaveLength(1);
  expect(await isAnswered(dial(port, '127.0.0.2'))).toBe(true);
  first.destroy();
  await eventually(async () => expect(await isAnswered(dial(port))).toBe(true));
});

test.each([
  ['a trusted proxy', { trustedProxies: ['127.0.0.1'] }, false],
  ['another service', {}, true],
] as const)('%s is not bounded by its address', async (_, access, takesCalls) => {
  const { port } = await start({ maxConnectionsPerAddress: 1, ...access }, takesCalls);
  for (let connection = 0; connection < 3; connection += 1) expect(await isAnswered(dial(port))).toBe(true);
});
