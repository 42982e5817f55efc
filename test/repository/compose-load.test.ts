import { afterEach, expect, jest, test } from '@jest/globals';
import { setUpLoad } from '../compose/load.ts';
import type { Answer, Gateway } from '../gateway.ts';

afterEach(() => void jest.restoreAllMocks());

const PAGE = 1_000;
const ORDERS = 2_500;

const answer = (status: number, body: unknown, headers: Answer['headers'] = {}): Answer => ({
  status,
  body,
  headers,
});

/** A gateway whose orders are delivered, but for some, and what it was asked for. */
const createFakeGateway = () => {
  const placed: string[] = [];
  const late = new Set<string>();
  /** What the next order is answered with, although it is stored. */
  const answers: number[] = [];
  const asked = { pages: 0, waits: [] as string[] };
  const page = (path: string): Answer => {
    asked.pages += 1;
    const from = Number(/cursor=(\d+)/.exec(path)?.[1] ?? 0);
    const body = placed
      .slice(from, from + PAGE)
      .map((orderId) => ({ orderId, status: late.has(orderId) ? 'SHIPPED' : 'DELIVERED' }));
    const next = from + PAGE;
    return answer(
      200,
      body,
      next < placed.length ? { link: `</next?limit=${PAGE}&cursor=${next}>; rel="next"` } : {},
    );
  };
  const gateway: Partial<Gateway> = {
    addUser: async () => undefined,
    addItem: async () => undefined,
    place: async (orderId) => {
      placed.push(orderId);
      return answer(answers.shift() ?? 201, {});
    },
    get: async (path) => page(path),
    reaches: async (orderId) => {
      asked.waits.push(orderId);
      if (orderId === 'lost') throw new Error('lost is SHIPPED, not DELIVERED');
      late.clear();
    },
    stockOf: async () => ({ availableQty: 100_000 - placed.length, reservedQty: 0 }),
  };
  return { gateway: gateway as Gateway, answers, placed, late, asked };
};

test('thousands of orders are seen to be delivered by pages, not one by one', async () => {
  const { gateway, asked } = createFakeGateway();
  const { place, allDelivered, settled } = await setUpLoad(gateway);
  const orderIds = await place(ORDERS);
  await allDelivered(orderIds);
  await settled(orderIds);
  expect(asked).toEqual({ pages: 6, waits: [] });
});

test('an order that is not delivered yet is waited for, and then all are looked at again', async () => {
  const { gateway, late, asked } = createFakeGateway();
  const { place, settled } = await setUpLoad(gateway);
  const orderIds = await place(3);
  for (const orderId of orderIds.slice(1)) late.add(orderId);
  await settled(orderIds);
  expect(asked).toEqual({ pages: 2, waits: orderIds.slice(2) });
});

test('orders are waited for in any status, by pages', async () => {
  const { gateway, late, asked } = createFakeGateway();
  const { place, allReach } = await setUpLoad(gateway);
  const orderIds = await place(PAGE + 1);
  for (const orderId of orderIds) late.add(orderId);
  await allReach(orderIds, 'SHIPPED');
  expect(asked).toEqual({ pages: 2, waits: [] });
  await allReach(orderIds.slice(0, 2), 'DELIVERED');
  expect(asked).toEqual({ pages: 6, waits: [orderIds[1]] });
});

test('an acknowledged order that no list has fails the wait', async () => {
  const { gateway } = createFakeGateway();
  const { place, settled } = await setUpLoad(gateway);
  const orderIds = await place(3);
  await expect(settled([...orderIds, 'lost'])).rejects.toThrow('lost is SHIPPED');
});

test('an order whose answer leaves open whether it stands may stand', async () => {
  const { gateway, answers } = createFakeGateway();
  const { place, allDelivered } = await setUpLoad(gateway);
  answers.push(201, 503);
  const orderIds = await place(3);
  expect(orderIds).toHaveLength(2);
  await allDelivered(orderIds);
});

test('stock that is taken for an order nobody placed fails the wait', async () => {
  const { gateway, placed } = createFakeGateway();
  const { place, allDelivered } = await setUpLoad({
    ...gateway,
    stockOf: async () => ({ availableQty: 100_000 - placed.length - 1, reservedQty: 0 }),
  });
  const orderIds = await place(3);
  let now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => (now += 20_000));
  await expect(allDelivered(orderIds)).rejects.toThrow(/toBeLessThanOrEqual/);
});
