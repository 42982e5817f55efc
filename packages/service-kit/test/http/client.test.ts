import { subscribe } from 'node:diagnostics_channel';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import {
  ANYBODY,
  inventoryApi,
  ordersApi,
  usersApi,
  type Input,
  type Operation,
} from '@order-pipeline/contracts';
import { createTestLogger } from '@order-pipeline/testing';
import { createHttpTransport } from '../../src/index.ts';

const closing: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const listen = async (server: Server): Promise<string> => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const call = {
  requestId: 'req-1',
  trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) },
  actor: ANYBODY,
  logger: createTestLogger().logger,
};

const connectTo = (url: string, timeoutMs = 300) => {
  const { transport, close } = createHttpTransport('orders', url, timeoutMs);
  closing.push(close);
  return {
    ping: transport.ping,
    call: (operation: Operation, input: Input<Operation> = {}) => transport(operation, input, call),
  };
};

const serve = async (answer: RequestListener, timeoutMs?: number) =>
  connectTo(await listen(createServer(answer)), timeoutMs);

const UNAVAILABLE = {
  code: 'UNAVAILABLE',
  message: 'The orders service does not answer, try again in a moment',
};

const elapsedMs = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

test('an operation goes over the wire with its path, query, body, request id and trace, and its answer comes back', async () => {
  const zoe = { userId: 'zoe', name: 'Zoë', email: 'zoe@example.com' };
  const received: unknown[] = [];
  const peer = await serve((request, response) => {
    const { method, url, headers } = request;
    const { 'x-request-id': requestId, traceparent, 'content-type': type } = headers;
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ method, url, requestId, traceparent, type, body });
      response
        .writeHead(200, { link: '</next>; rel="next"', 'retry-after': '3', 'x-other': 'x' })
        .end('["ok"]');
    });
  });
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
  expect(
    await peer.call(ordersApi.listOrdersOfUser, {
      params: { userId: '..' },
      query: { limit: 2, cursor: 'x' },
    }),
  ).toEqual({
    status: 200,
    body: ['ok'],
    headers: { link: '</next>; rel="next"', 'retry-after': '3' },
  });
  await peer.call(usersApi.registerUser, { body: zoe });
  expect(received).toEqual([
    {
      method: 'GET',
      url: '/api/orders/user/..?limit=2&cursor=x',
      requestId: 'req-1',
      traceparent,
      type: undefined,
      body: '',
    },
    {
      method: 'POST',
      url: '/api/users',
      requestId: 'req-1',
      traceparent,
      type: 'application/json',
      body: JSON.stringify(zoe),
    },
  ]);
});

test('a refusal is an answer', async () => {
  const refusal = { error: 'There is no order x', status: 404, code: 'ORDER_NOT_FOUND' };
  const peer = await serve((_, response) => response.writeHead(404).end(JSON.stringify(refusal)));
  expect(await peer.call(ordersApi.getOrder, { params: { orderId: 'x' } })).toMatchObject({
    status: 404,
    body: refusal,
  });
});

test.each<[string, RequestListener]>([
  ['never answers', () => undefined],
  ['never ends its answer', (_, response) => response.writeHead(200).write('[')],
])('one that %s is unavailable when the time is up', async (_, answer) => {
  const peer = await serve(answer, 200);
  const ms = await elapsedMs(() =>
    expect(peer.call(ordersApi.listOrders)).rejects.toMatchObject(UNAVAILABLE),
  );
  expect(ms).toBeGreaterThan(150);
  expect(ms).toBeLessThan(1_500);
});

test('one at a closed port is unavailable soon', async () => {
  const server = createTcpServer();
  const url = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  const peer = connectTo(url, 10_000);
  const ms = await elapsedMs(() =>
    expect(peer.call(ordersApi.listOrders)).rejects.toMatchObject(UNAVAILABLE),
  );
  expect(ms).toBeLessThan(1_000);
});

test('one that answers no JSON is unavailable', async () => {
  const peer = await serve((_, response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'));
  await expect(peer.call(ordersApi.listOrders)).rejects.toMatchObject(UNAVAILABLE);
});

/** Answers the first request and keeps the connection; closes it at the second, without an answer, and so on. */
const startForgetful = async () => {
  const asked: string[] = [];
  const url = await listen(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      let answered = false;
      socket.on('data', (data) => {
        asked.push(data.toString().split('\r\n', 1)[0] ?? '');
        if (answered) return void socket.destroy();
        answered = true;
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n[]');
      });
    }),
  );
  return { asked, peer: connectTo(url, 2_000) };
};

/** The connection goes back to the others after the answer has been read. */
const connectionIsFree = () => new Promise((resolve) => setImmediate(resolve));

test('what may be asked twice is asked again when its kept connection was lost', async () => {
  const { asked, peer } = await startForgetful();
  await peer.call(ordersApi.listOrders);
  await connectionIsFree();
  expect(await peer.call(ordersApi.listOrders)).toMatchObject({ status: 200 });
  expect(asked).toHaveLength(3);
});

test('what may not be asked twice is asked once', async () => {
  const { asked, peer } = await startForgetful();
  await peer.call(ordersApi.listOrders);
  await connectionIsFree();
  const restock = peer.call(inventoryApi.restockItem, { params: { itemId: 'a' }, body: { quantity: 1 } });
  await expect(restock).rejects.toMatchObject(UNAVAILABLE);
  expect(asked).toEqual(['GET /api/orders HTTP/1.1', 'POST /api/inventory/a/restock HTTP/1.1']);
});

test('what was not sent, because nobody listened yet, is tried again whatever it is', async () => {
  const gone = createTcpServer();
  const url = await listen(gone);
  await new Promise((resolve) => gone.close(resolve));
  const refused = new Promise<void>((resolve) => {
    subscribe('undici:client:connectError', () => resolve());
  });
  const peer = connectTo(url, 5_000);
  const restock = peer.call(inventoryApi.restockItem, { params: { itemId: 'a' }, body: { quantity: 1 } });
  await refused;
  const there = createServer((_, response) => response.end('[]')).listen(
    Number(new URL(url).port),
    '127.0.0.1',
  );
  closing.push(() => void there.close());
  expect(await restock).toMatchObject({ status: 200 });
});

test('what loses its connection again and again is asked twice and no more', async () => {
  let asked = 0;
  const peer = await serve((request) => {
    asked += 1;
    request.socket.destroy();
  });
  await expect(peer.call(ordersApi.listOrders)).rejects.toMatchObject(UNAVAILABLE);
  expect(asked).toBe(2);
});

test('both times together take no longer than the limit', async () => {
  let asked = 0;
  const peer = await serve((request) => {
    asked += 1;
    if (asked === 1) setTimeout(() => request.socket.destroy(), 700);
  }, 1_000);
  const ms = await elapsedMs(() =>
    expect(peer.call(ordersApi.listOrders)).rejects.toMatchObject(UNAVAILABLE),
  );
  expect(asked).toBe(2);
  expect(ms).toBeLessThan(1_600);
});

test('a connection that is old is replaced, so that an instance that is new behind a name gets its share', async () => {
  const connections: Socket[] = [];
  const askedOver: number[] = [];
  const peer = await serve(({ socket }, response) => {
    if (!connections.includes(socket)) connections.push(socket);
    askedOver.push(connections.indexOf(socket));
    response.end('[]');
  });
  const askTwice = async () => {
    await peer.call(ordersApi.listOrders);
    await connectionIsFree();
    await peer.call(ordersApi.listOrders);
    await connectionIsFree();
  };
  await askTwice();
  expect(askedOver).toEqual([0, 0]);
  const later = Date.now() + 11_000;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => later);
  try {
    await askTwice();
  } finally {
    clock.mockRestore();
  }
  expect(askedOver).toHaveLength(4);
  expect(askedOver.slice(2)).not.toContain(0);
});

test('a ping asks whether it lives', async () => {
  const paths: (string | undefined)[] = [];
  const peer = await serve(({ url }, response) => {
    paths.push(url);
    response.end('{}');
  });
  await peer.ping();
  expect(paths).toEqual(['/health/live']);
});

test.each<[string, RequestListener]>([
  ['refuses', (_, response) => response.writeHead(503).end()],
  ['never answers', () => undefined],
])('a ping of one that %s rejects', async (_, answer) => {
  const peer = await serve(answer, 100);
  await expect(peer.ping()).rejects.toThrow();
});

test('a request that nobody waits for is aborted, and the server notices', async () => {
  const going = new AbortController();
  let notice: () => void = () => undefined;
  const noticed = new Promise<void>((resolve) => {
    notice = resolve;
  });
  const url = await listen(
    createServer(({ socket }) => {
      socket.on('close', notice);
      going.abort();
    }),
  );
  const { transport, close } = createHttpTransport('orders', url, 60_000);
  closing.push(close);
  const asked = transport(ordersApi.listOrders, {}, { ...call, signal: going.signal });
  await expect(asked).rejects.toMatchObject(UNAVAILABLE);
  await noticed;
});
