import { expect, test } from '@jest/globals';
import { inventoryApi, usersApi, type Input, type Operation } from '@order-pipeline/contracts';
import { defineService, type Route } from '@order-pipeline/service-kit';
import { startTestService } from '@order-pipeline/testing';
import { ordersFacadeService } from '../src/index.ts';

const RESTARTS = 5;

const routes = [usersApi.getUser, inventoryApi.restockItem].map((operation: Operation): Route => ({
  operation,
  handle: async () => ({ status: operation.status, body: operation.exampleReply }),
}));

/** An instance of users that answers a restock too: one that may be asked twice, and one that may not. */
const startInstance = () =>
  startTestService(defineService({ ...ordersFacadeService, name: 'users', start: async () => ({ routes }) }));

const ASKED: readonly [Operation, Input<Operation>][] = [
  [usersApi.getUser, { params: { userId: 'a' } }],
  [inventoryApi.restockItem, { params: { itemId: 'a' }, body: { quantity: 1 } }],
];

test('while the only instance of a service restarts under load, no request fails', async () => {
  let instance = await startInstance();
  const url = await instance.listen();
  const port = Number(new URL(url).port);
  const facade = await startTestService(ordersFacadeService, { clients: { users: url, inventory: url } });
  let restarting = true;
  const statuses: number[] = [];
  const ask = async (): Promise<void> => {
    while (restarting) {
      for (const [operation, input] of ASKED) statuses.push((await facade.call(operation, input)).status);
    }
  };
  try {
    const asking = Promise.all([ask(), ask(), ask()]);
    for (let count = 0; count < RESTARTS; count += 1) {
      const next = await startInstance();
      await instance.server.close();
      await next.server.listen({ host: '127.0.0.1', port });
      await instance.close();
      instance = next;
      // Goes on once the new one has answered.
      const seen = statuses.length;
      while (statuses.length === seen) await new Promise((resolve) => setImmediate(resolve));
    }
    restarting = false;
    await asking;
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(statuses.length).toBeGreaterThan(RESTARTS);
  } finally {
    restarting = false;
    await facade.close();
    await instance.close();
  }
}, 30_000);
