import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  DATABASE_NAMES,
  serviceActionsApi,
  type DatabaseName,
  type Operation,
  type OperatorAction,
} from '@order-pipeline/contracts';
import { ok, refuse, type Route } from '@order-pipeline/service-kit';
import { startTestService, times, type TestService } from '@order-pipeline/testing';
import { ordersFacadeService } from '../src/index.ts';

const OPERATIONS: Readonly<Record<DatabaseName, Operation>> = {
  users: serviceActionsApi.findUsersActions,
  inventory: serviceActionsApi.findInventoryActions,
  orders: serviceActionsApi.findOrdersActions,
};
const kept: Record<DatabaseName, OperatorAction[]> = { users: [], inventory: [], orders: [] };
let down: DatabaseName | undefined;

const keeper = (service: DatabaseName): Route[] => [
  {
    operation: OPERATIONS[service],
    handle: async ({ body }) => {
      if (down === service) return refuse('UNAVAILABLE', 'Not now');
      const { before, limit } = body as { before?: string; limit: number };
      const older = kept[service].filter(({ actionId }) => before === undefined || actionId < before);
      return ok({ actions: older.slice(0, limit) });
    },
  },
];

let facade: TestService;

beforeAll(async () => {
  const clients = Object.fromEntries(DATABASE_NAMES.map((name) => [name, keeper(name)]));
  facade = await startTestService(ordersFacadeService, { clients });
});

afterAll(() => facade.close());

beforeEach(() => {
  down = undefined;
  for (const service of DATABASE_NAMES) kept[service] = [];
});

/** Done at a millisecond since the epoch; of the same one, in the order of the number. */
const done = (service: DatabaseName, at: number, number = 0): OperatorAction => ({
  actionId: `${at.toString(16).padStart(12, '0')}-000000000000-${number}`,
  at: new Date(at).toISOString(),
  service,
  action: 'RESTOCK_ITEM',
  target: `${service}-${at}-${number}`,
  by: 'ann',
  proof: 'TOKEN',
  requestId: 'a-request',
});

const list = async (query: Record<string, string> = {}) => {
  const response = await facade.server.inject({ url: '/ops/actions', query });
  const body = response.json<unknown>();
  const cursor = /cursor=([^&>]+)/.exec(String(response.headers.link))?.[1];
  const targets = Array.isArray(body) ? (body as OperatorAction[]).map(({ target }) => target) : [];
  return { status: response.statusCode, targets, cursor };
};

test('the page is the newest of all services', async () => {
  kept.users = [done('users', 5)];
  kept.inventory = [done('inventory', 9), done('inventory', 1)];
  kept.orders = [done('orders', 7)];
  expect(await list()).toMatchObject({
    targets: ['inventory-9-0', 'orders-7-0', 'users-5-0', 'inventory-1-0'],
    cursor: undefined,
  });
});

test('pages follow one another without a gap or a repeat, where many were done in one moment too', async () => {
  for (const service of DATABASE_NAMES) {
    const digit = DATABASE_NAMES.indexOf(service);
    kept[service] = times(10, (index) => done(service, 7, index * 3 + digit)).toSorted((a, b) =>
      a.actionId < b.actionId ? 1 : -1,
    );
  }
  const seen: string[] = [];
  let page = await list({ limit: '4' });
  for (;;) {
    seen.push(...page.targets);
    if (page.cursor === undefined) break;
    page = await list({ limit: '4', cursor: page.cursor });
  }
  expect(seen).toHaveLength(30);
  expect(new Set(seen).size).toBe(30);
});

test.each(DATABASE_NAMES)('while %s does not answer there is no page', async (service) => {
  kept.orders = [done('orders', 7)];
  down = service;
  expect(await list()).toMatchObject({ status: 503, targets: [] });
});
