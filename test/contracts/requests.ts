import { expect } from '@jest/globals';
import type { OperatorAction, OrderWithTimes } from '@order-pipeline/contracts';
import { readTopics, type TopicReader } from '@order-pipeline/testing';
import { unique, type Answer, type Gateway } from '../gateway.ts';
import { OPERATOR_TOKEN, startSecuredSystem, type SecuredSystem } from '../security/secured-system.ts';

/**
 * A field that is accepted and then dropped is a lie to the client. So every field that a client can send has a proof
 * here that it has an effect which can be seen from outside; a field without one fails.
 */
export type Proof = () => Promise<void>;

/** How long one proof may take. */
export const LIMIT_MS = 60_000;
const JSON_TYPE = { 'content-type': 'application/json' };

let secured: SecuredSystem;
/** A client that may do everything that clients may. */
export let shop: Gateway;
/** An operator without a name: who it is, `by` says. */
export let operator: Gateway;

/** Starts a system in which orders stay PENDING, and are stuck soon. */
export const start = async (): Promise<void> => {
  secured = await startSecuredSystem({
    environment: { WORKFLOW_INTERVAL_MS: '600000', REPUBLISH_AFTER_MS: '600000', STUCK_AFTER_MS: '1000' },
  });
  shop = await secured.as(
    'shop',
    'users:write.any',
    'users:read.any',
    'orders:write.any',
    'orders:read.any',
    'orders:cancel.any',
    'catalog:write',
  );
  operator = secured.bearing(OPERATOR_TOKEN);
};

export const stop = async (): Promise<void> => secured?.stop();

/** Hands a reader of topics to `look`. */
export const withReader = async (
  topics: readonly string[],
  look: (reader: TopicReader) => Promise<void>,
): Promise<void> => {
  const reader = await readTopics(secured.system.infrastructure.broker, topics);
  try {
    await look(reader);
  } finally {
    await reader.stop();
  }
};

/** Publishes messages past the pipeline. */
export const publish = async (topic: string, messages: { key: string; value: string }[]): Promise<void> => {
  const producer = secured.system.infrastructure.broker.connect(unique('poison')).producer();
  await producer.connect();
  await producer.sendBatch({ topicMessages: [{ topic, messages }] });
  await producer.disconnect();
};

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller states the type of the reply
export const bodyOf = <T>({ status, body }: Answer, expected = 200): T => {
  expect({ status, body }).toMatchObject({ status: expected });
  return body as T;
};
export const read = async <T>(path: string, by: Gateway = shop): Promise<T> => bodyOf<T>(await by.get(path));
export const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  shop.send('POST', path, { ...JSON_TYPE, ...headers }, JSON.stringify(body));

export const newUser = async () => {
  const user = { userId: unique('user'), name: 'Ann Example', email: 'ann@example.com' };
  bodyOf(await post('/api/users', user), 201);
  return { sent: user, stored: await read<Record<string, unknown>>(`/api/users/${user.userId}`) };
};

export const newItem = async (headers = {}) => {
  const item = { itemId: unique('item'), itemName: 'A lamp', availableQty: 7 };
  bodyOf(await post('/api/inventory', item, headers), 201);
  return { sent: item, stored: await read<Record<string, unknown>>(`/api/inventory/${item.itemId}`) };
};

export const newOrder = async () => {
  const [user, item] = [await newUser(), await newItem()];
  const order = {
    orderId: unique('order'),
    userId: user.sent.userId,
    items: [{ itemId: item.sent.itemId, quantity: 3 }],
    status: 'PENDING',
  };
  bodyOf(await post('/api/orders', { order }), 201);
  return { sent: order, stored: await read<OrderWithTimes>(`/api/orders/${order.orderId}`) };
};

/** What is sent can be read again, under the same name. */
export const isStored =
  (make: () => Promise<{ sent: object; stored: object }>, ...names: readonly string[]): Proof =>
  async () => {
    const { sent, stored } = await make();
    for (const name of names)
      expect(stored).toHaveProperty(name, (sent as Readonly<Record<string, unknown>>)[name]);
  };

export const isReason =
  (make: (reason: string) => Promise<string>): Proof =>
  async () => {
    const reason = unique('because');
    const actions = await read<OperatorAction[]>(`/ops/actions?target=${await make(reason)}`, operator);
    expect(actions).toContainEqual(expect.objectContaining({ reason }));
  };
