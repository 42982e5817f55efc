import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { fatOrders, spreadOrders } from '../src/load/orders.ts';
import { nextPageOf, startPaging } from '../src/load/paging.ts';
import { placePaced } from '../src/load/place-paced.ts';
import { placeOrders } from '../src/load/place.ts';
import { read } from '../src/load/read.ts';
import { createDataset } from '../src/load/dataset.ts';
import { openWaiting } from '../src/load/waiting.ts';
import { eventually } from '@order-pipeline/testing';

const dataset = { userIds: ['u0'], itemIds: ['i0', 'i1', 'i2'], stockOfEach: 10 };
const servers: Server[] = [];

interface Body {
  readonly order: { readonly orderId: string };
}

/** Answers every request as `answer` says; none where it says nothing. */
const serve = async (
  answer: (request: {
    number: number;
    url: string;
    body: unknown;
    headers: IncomingHttpHeaders;
  }) => readonly [status: number, body: unknown, headers?: Record<string, string>] | undefined,
): Promise<string> => {
  let number = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const body = request.method === 'POST' ? await json(request) : undefined;
      const answered = answer({ number: number++, url: request.url ?? '', body, headers: request.headers });
      if (!answered) return;
      const text = JSON.stringify(answered[1]);
      const length = Buffer.byteLength(text);
      response.writeHead(answered[0], {
        ...answered[2],
        'content-type': 'application/json',
        'content-length': length,
      });
      response.end(text);
    })();
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const orderIdIn = (body: unknown): string => (body as Body).order.orderId;
const placed = (body: unknown): [number, unknown] => [201, { orderId: orderIdIn(body) }];

test('as many orders are placed as were asked for, each once, and their answers are distinguished', async () => {
  const asked: string[] = [];
  const url = await serve(({ number, body }) => {
    asked.push(orderIdIn(body));
    if (number % 10 === 0) return [409, { code: 'NOT_ENOUGH_STOCK' }];
    return number % 10 === 1 ? [503, { code: 'UNAVAILABLE' }] : placed(body);
  });
  const { answers, rate, p99Ms } = await placeOrders({
    url,
    source: spreadOrders(dataset),
    connections: 4,
    extent: { amount: 100 },
    refusal: 'NOT_ENOUGH_STOCK',
  });
  expect(new Set(asked).size).toBe(100);
  expect(answers).toMatchObject({ refusedRightly: 10, wrong: 10 });
  expect(answers.placed).toHaveLength(80);
  expect(answers.examples).toHaveLength(3);
  expect(rate).toBeGreaterThan(0);
  expect(p99Ms).toBeGreaterThan(0);
});

test('when the time is up, those in flight are waited for', async () => {
  const asked: string[] = [];
  const url = await serve(({ body }) => {
    asked.push(orderIdIn(body));
    return placed(body);
  });
  const extent = { durationS: 0.2 };
  const { answers } = await placeOrders({ url, source: spreadOrders(dataset), connections: 4, extent });
  expect(answers.wrong).toBe(0);
  expect(answers.placed.toSorted()).toEqual(asked.toSorted());
});

test('an order whose connection breaks is not placed', async () => {
  const url = await serve(({ number, body }) => {
    if (number === 5) for (const server of servers) server.closeAllConnections();
    return placed(body);
  });
  const extent = { amount: 20 };
  const { answers } = await placeOrders({ url, source: spreadOrders(dataset), connections: 1, extent });
  expect(answers.placed).toHaveLength(19);
  expect(answers.wrong).toBe(1);
});

test('at an even pace too, every order is answered for', async () => {
  const url = await serve(({ number, body }) => (number === 7 ? [500, {}] : placed(body)));
  const { answers } = await placePaced({
    url,
    source: spreadOrders(dataset),
    connections: 4,
    amount: 40,
    ratePerS: 400,
  });
  expect(answers.placed).toHaveLength(39);
  expect(answers.wrong).toBe(1);
});

test('reads ask for what is next, and count what is not right', async () => {
  const asked: string[] = [];
  const url = await serve(({ number, url: path }) => {
    asked.push(path);
    return number === 3 ? [200, 'wrong'] : [number === 5 ? 503 : 200, 'right'];
  });
  let next = 0;
  const { wrong } = await read({
    url,
    connections: 2,
    durationS: 0.3,
    nextPath: () => `/orders/${next++}`,
    isRight: (body) => body === '"right"',
  });
  expect(wrong).toBe(2);
  expect(new Set(asked).size).toBe(asked.length);
});

test('a dataset is opened with users and items of its own', async () => {
  const asked: unknown[] = [];
  const url = await serve(({ body }) => {
    asked.push(body);
    return [201, {}];
  });
  const opened = await createDataset(url, { users: 40, items: 50, stockOfEach: 7 });
  const has = (key: string) =>
    asked.flatMap((body) => (body as Record<string, string>)[key] ?? []).toSorted();
  expect(has('userId')).toEqual(opened.userIds.toSorted());
  expect(has('itemId')).toEqual(opened.itemIds.toSorted());
  expect(asked.filter((body) => (body as { availableQty?: number }).availableQty === 7)).toHaveLength(50);
});

test('a dataset that cannot be opened is reported', async () => {
  const url = await serve(() => [503, { error: 'The database is down' }]);
  await expect(createDataset(url, { users: 1, items: 1, stockOfEach: 1 })).rejects.toThrow(
    'The database is down',
  );
});

test('the fattest orders have a line for every item of their dataset', () => {
  const source = fatOrders(dataset);
  expect(source.unitsOfEach).toBe(3);
  expect(source.next().items).toEqual(dataset.itemIds.map((itemId) => ({ itemId, quantity: 1 })));
});

test('the ids of items can be filled up to a length', async () => {
  const url = await serve(() => [201, {}]);
  const { itemIds } = await createDataset(url, { users: 1, items: 2, stockOfEach: 1, itemIdLength: 40 });
  expect(itemIds.map((itemId) => itemId.length)).toEqual([40, 40]);
  expect(new Set(itemIds).size).toBe(2);
});

test('who pages follows the links to the last page and begins again, and is not put off by a refusal', async () => {
  const asked: string[] = [];
  let tellEnough = (): void => undefined;
  const enough = new Promise<void>((resolve) => {
    tellEnough = resolve;
  });
  const url = await serve(({ number, url: path }) => {
    asked.push(path);
    if (number === 6) tellEnough();
    if (number === 1) return [503, []];
    if (number === 5) return [500, []];
    return [200, [], path.endsWith('2') ? {} : { link: '</list?page=2>; rel="next"' }];
  });
  const paging = startPaging(url, 1, '/list');
  await enough;
  const { pages, wrong } = await paging.stop();
  expect(asked.slice(0, 7)).toEqual([
    '/list',
    '/list?page=2',
    '/list',
    '/list?page=2',
    '/list',
    '/list?page=2',
    '/list',
  ]);
  expect({ pages, wrong }).toEqual({ pages: asked.length - 2, wrong: 1 });
});

test('a head without a link to a next page has none', () => {
  expect(nextPageOf('HTTP/1.1 200 OK\r\nlink: </a?b=1>; rel="next"\r\ndate: x')).toBe('/a?b=1');
  expect(nextPageOf('HTTP/1.1 200 OK\r\nlink: </a?b=1>; rel="prev"')).toBeUndefined();
  expect(nextPageOf('HTTP/1.1 200 OK')).toBeUndefined();
});

test('each order is sent with the token of its user', async () => {
  const seen: unknown[] = [];
  const url = await serve(({ body, headers }) => {
    seen.push(headers.authorization);
    return placed(body);
  });
  const source = spreadOrders(dataset);
  const tokenOf = (userId: string) => `token-of-${userId}`;
  const { answers } = await placeOrders({ url, source, connections: 2, extent: { amount: 3 }, tokenOf });
  expect(answers.placed).toHaveLength(3);
  expect(seen).toEqual(['Bearer token-of-u0', 'Bearer token-of-u0', 'Bearer token-of-u0']);
});

test('clients wait each for an order, and those who are answered are counted', async () => {
  const asked: { url: string; prefer: unknown }[] = [];
  const url = await serve(({ url: path, headers }) => {
    asked.push({ url: path, prefer: headers['prefer'] });
    return path.includes('answered') ? [200, {}] : undefined;
  });
  const waiting = openWaiting(url);
  waiting.begin(['order-1', 'answered', 'order-2']);
  await eventually(() => {
    expect(asked.map((one) => one.url).toSorted()).toEqual([
      '/api/orders/answered?until=DELIVERED',
      '/api/orders/order-1?until=DELIVERED',
      '/api/orders/order-2?until=DELIVERED',
    ]);
    expect(waiting.answered()).toBe(1);
  });
  expect(asked.map(({ prefer }) => prefer)).toEqual(['wait=60', 'wait=60', 'wait=60']);
  waiting.stop();
});
