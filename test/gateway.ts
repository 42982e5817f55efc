import { randomBytes } from 'node:crypto';
import { eventually } from '@order-pipeline/testing';
import { Agent, request } from 'undici';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** A client of a gateway, as a back-end team would write it. */
export interface Gateway {
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  /** Sends a request as it is. */
  send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer>;
  addUser(userId: string): Promise<void>;
  addItem(itemId: string, availableQty: number): Promise<void>;
  place(orderId: string, userId: string, lines: Readonly<Record<string, number>>): Promise<Answer>;
  statusOf(orderId: string): Promise<string>;
  /** Waits until the order stands in `status`. */
  reaches(orderId: string, status: string, timeoutMs?: number): Promise<void>;
  stockOf(itemId: string): Promise<{ readonly availableQty: number; readonly reservedQty: number }>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

/** An id that no other test has. */
export const unique = (prefix: string): string => `${prefix}-${randomBytes(5).toString('hex')}`;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** @param token who asks, where that is to be proved */
export const createGateway = (url: string, token?: string): Gateway => {
  const agent = new Agent({ connections: 64 });
  const send: Gateway['send'] = async (method, path, headers, body) => {
    const answer = await request(new URL(path, url), {
      method: method as 'GET',
      dispatcher: agent,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.statusCode, headers: answer.headers, body: parse(await answer.body.text()) };
  };
  const get: Gateway['get'] = (path) => send('GET', path, {});
  const post: Gateway['post'] = (path, body) =>
    body === undefined
      ? send('POST', path, {})
      : send('POST', path, { 'content-type': 'application/json' }, JSON.stringify(body));
  const must = async (answering: Promise<Answer>, status: number): Promise<Answer> => {
    const answer = await answering;
    if (answer.status !== status)
      throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer;
  };
  const statusOf: Gateway['statusOf'] = async (orderId) =>
    ((await must(get(`/api/orders/${orderId}`), 200)).body as { status: string }).status;
  return {
    get,
    post,
    send,
    addUser: async (userId) => {
      await must(post('/api/users', { userId, name: 'Sriram', email: 'sriram@example.com' }), 201);
    },
    addItem: async (itemId, availableQty) => {
      await must(post('/api/inventory', { itemId, itemName: 'Laptop', availableQty }), 201);
    },
    place: (orderId, userId, lines) => {
      const items = Object.entries(lines).map(([itemId, quantity]) => ({ itemId, quantity }));
      return post('/api/orders', { order: { orderId, userId, items, status: 'PENDING' } });
    },
    statusOf,
    reaches: (orderId, status, timeoutMs = 30_000) =>
      eventually(
        async () => {
          const current = await statusOf(orderId);
          if (current !== status) throw new Error(`${orderId} is ${current}, not ${status}`);
        },
        { timeoutMs },
      ),
    stockOf: async (itemId) => {
      const { body } = await must(get(`/api/inventory/${itemId}`), 200);
      const { availableQty, reservedQty } = body as { availableQty: number; reservedQty: number };
      return { availableQty, reservedQty };
    },
    close: () => agent.destroy(),
  };
};
