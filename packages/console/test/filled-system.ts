import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NewOrder, OrderTrace } from '@order-pipeline/contracts';
import { firstOrders, readDataset, readSuperstore } from '@order-pipeline/demo/dataset';
import { createLogger, startSystem, type System } from '@order-pipeline/launcher';
import { openClient } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';

/** Enough for two pages of orders. */
const ORDER_COUNT = 70;
/** So many orders have messages that become dead letters: the database refuses to ship them. */
const FAILED_COUNT = 3;
const REFUSAL = 'no such address';
const SLOW = { timeoutMs: 60_000 };

/** A system with orders of the demo's data in every status. */
export interface FilledSystem {
  readonly url: string;
  readonly userId: string;
  readonly itemId: string;
  readonly deliveredId: string;
  /** Delivered too, and its trace is recorded. */
  readonly tracedId: string;
  /** Stays PENDING for as long as nobody lets it go, as do those that are placed under `hold`. */
  readonly pendingId: string;
  readonly cancelledId: string;
  /** Those whose messages became dead letters. */
  readonly failedIds: readonly string[];
  post(path: string, body?: unknown): Promise<unknown>;
  statusOf(orderId: string): Promise<string>;
  /** Keeps an order from a status: silently, or with the database refusing it for a reason that no waiting heals. */
  hold(orderId: string, status: string, refusal?: string): Promise<void>;
  letGo(orderId: string): Promise<void>;
  stop(): Promise<void>;
}

const HOLDING = `
  CREATE TABLE held (order_id text PRIMARY KEY, status text NOT NULL, refusal text);
  CREATE FUNCTION hold_order() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE one held%ROWTYPE;
    BEGIN
      SELECT * INTO one FROM held WHERE order_id = NEW.id AND status = NEW.status::text;
      IF NOT FOUND THEN RETURN NEW; END IF;
      IF one.refusal IS NULL THEN RETURN NULL; END IF;
      RAISE '%', one.refusal;
    END $$;
  CREATE TRIGGER hold_order BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION hold_order()`;

const createClient = (url: string) => {
  const post = async (at: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(url + at, {
      method: 'POST',
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`POST ${at} was answered ${JSON.stringify(answer)}`);
    return answer;
  };
  const statusOf = async (orderId: string): Promise<string> => {
    const { status } = (await (await fetch(`${url}/api/orders/${orderId}`)).json()) as { status: string };
    return status;
  };
  const reaches = (orderId: string, status: string): Promise<void> =>
    eventually(async () => {
      const now = await statusOf(orderId);
      if (now !== status) throw new Error(`${orderId} is ${now}, not ${status}`);
    }, SLOW);
  return { post, statusOf, reaches };
};

/** A message that nobody can understand, as a broken producer would send it. */
const publishGarbage = async ({ infrastructure }: System, key: string): Promise<void> => {
  const producer = infrastructure.broker.connect('console-tests').producer();
  await producer.connect();
  const messages = [{ key, value: `{"orderId":"${key}","status":` }];
  await producer.sendBatch({ topicMessages: [{ topic: 'ORDER_PLACED', messages }] });
  await producer.disconnect();
};

/** Places an order whose trace is recorded: of many requests at once only some are, so it may take several. */
const placeTraced = async (
  url: string,
  post: ReturnType<typeof createClient>['post'],
  order: NewOrder,
): Promise<string> => {
  let attempt = 0;
  return eventually(async () => {
    attempt += 1;
    const orderId = `${order.orderId}-${attempt}`;
    await post('/api/orders', { order: { ...order, orderId } });
    const { traceId } = (await (await fetch(`${url}/ops/orders/${orderId}/trace`)).json()) as OrderTrace;
    if (traceId === undefined) throw new Error(`the trace of ${orderId} is not recorded`);
    return orderId;
  }, SLOW);
};

/** Starts the system on a free port, and fills it. */
export const startFilledSystem = async (): Promise<FilledSystem> => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-console-'));
  const system = await startSystem({
    environment: {
      PORT: '0',
      DATA_DIR: dataDir,
      WORKFLOW_INTERVAL_MS: '400',
      STUCK_AFTER_MS: '2000',
      RATE_LIMIT: 'off',
    },
    logger: createLogger('silent'),
    durability: 'off',
  });
  const database = await openClient({
    url: system.infrastructure.databaseUrl('orders'),
    applicationName: 'console tests',
  });
  const stop = async (): Promise<void> => {
    await database.end();
    await system.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  };
  const { post, statusOf, reaches } = createClient(system.url);
  const hold = async (orderId: string, status: string, refusal?: string): Promise<void> => {
    await database.query('INSERT INTO held VALUES ($1, $2, $3)', [orderId, status, refusal ?? null]);
  };
  const letGo = async (orderId: string): Promise<void> => {
    await database.query('DELETE FROM held WHERE order_id = $1', [orderId]);
  };
  try {
    await database.query(HOLDING);
    const { users, items, orders } = firstOrders(readDataset(readSuperstore()), ORDER_COUNT);
    const [delivered, ...others] = orders;
    const [cancelled, pending, ...failed] = others.toReversed().slice(0, 2 + FAILED_COUNT);
    if (!delivered || !cancelled || !pending) throw new Error('the demo has too few orders');
    const failedIds = failed.map(({ orderId }) => orderId);
    for (const { orderId } of [cancelled, pending]) await hold(orderId, 'PROCESSING');
    for (const orderId of failedIds) await hold(orderId, 'SHIPPED', REFUSAL);
    await Promise.all(users.map((user) => post('/api/users', user)));
    await Promise.all(
      items.map((item) => post('/api/inventory', { ...item, availableQty: item.availableQty + 20 })),
    );
    for (const order of orders) await post('/api/orders', { order });
    await post(`/api/orders/${cancelled.orderId}/cancel`);
    await publishGarbage(system, pending.orderId);
    const tracedId = await placeTraced(system.url, post, {
      ...delivered,
      orderId: `${delivered.orderId}-traced`,
    });
    for (const orderId of [delivered.orderId, tracedId]) await reaches(orderId, 'DELIVERED');
    await eventually(async () => {
      const letters = (await (await fetch(`${system.url}/ops/dead-letters`)).json()) as unknown[];
      if (letters.length <= FAILED_COUNT) throw new Error(`${letters.length} dead letters`);
    }, SLOW);
    return {
      url: system.url,
      userId: delivered.userId,
      itemId: delivered.items[0]?.itemId ?? '',
      deliveredId: delivered.orderId,
      tracedId,
      pendingId: pending.orderId,
      cancelledId: cancelled.orderId,
      failedIds,
      post,
      statusOf,
      hold,
      letGo,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
