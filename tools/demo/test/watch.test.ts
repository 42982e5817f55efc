import type { Operation, OrderStatus } from '@order-pipeline/contracts';
import { expect, test } from '@jest/globals';
import type { Answer, Gateway } from '@order-pipeline/gateway-client';
import { createRuntime } from '@order-pipeline/service-kit';
import { createBoard } from '../src/board.ts';
import { watchOrders } from '../src/watch.ts';

const runtime = createRuntime();

/** Lists without end, each page a thousand orders of others, above ours, which `statusOf` knows. */
const createBusyGateway = (statusOf: (orderId: string) => OrderStatus) => {
  const asked: string[] = [];
  const ask = async (
    operation: Operation,
    input: { params?: { orderId: string } },
  ): Promise<Answer<unknown>> => {
    asked.push(operation.path);
    const body = input.params
      ? { orderId: input.params.orderId, status: statusOf(input.params.orderId) }
      : Array.from({ length: 1_000 }, (_, index) => ({ orderId: `other-${index}`, status: 'PENDING' }));
    return { refusal: undefined, headers: {}, body, nextCursor: 'next' };
  };
  return { gateway: { call: ask } as unknown as Gateway, asked };
};

const watch = (gateway: Gateway, board: ReturnType<typeof createBoard>, stallLimitMs: number) =>
  watchOrders({
    gateway,
    board,
    runtime,
    signal: new AbortController().signal,
    isPlacing: () => false,
    stallLimitMs,
  });

test('orders that lie deep under those of others are asked for one by one', async () => {
  const board = createBoard(['ours-1', 'ours-2']);
  for (const orderId of ['ours-1', 'ours-2']) board.note(orderId, 'PENDING');
  const { gateway, asked } = createBusyGateway(() => 'DELIVERED');
  await watch(gateway, board, 60_000);
  expect(board.counts()).toMatchObject({ PENDING: 0, DELIVERED: 2 });
  expect(asked.filter((path) => path === '/api/orders').length).toBeLessThan(15);
});

test('orders that do not move any more are given up', async () => {
  const board = createBoard(['ours-1', 'ours-2']);
  for (const orderId of ['ours-1', 'ours-2']) board.note(orderId, 'PENDING');
  const { gateway } = createBusyGateway((orderId) => (orderId === 'ours-1' ? 'SHIPPED' : 'DELIVERED'));
  await watch(gateway, board, 200);
  expect(board.onTheWay()).toEqual(['ours-1']);
});

test('what was overtaken by later news, or is about others, changes nothing', () => {
  const board = createBoard(['ours']);
  for (const status of ['PENDING', 'SHIPPED', 'PROCESSING'] as const) board.note('ours', status);
  board.note('other', 'PENDING');
  expect(board.counts()).toMatchObject({ PENDING: 0, PROCESSING: 0, SHIPPED: 1, DELIVERED: 0, CANCELLED: 0 });
  board.note('ours', 'CANCELLED');
  board.note('ours', 'DELIVERED');
  expect(board.counts()).toMatchObject({ PENDING: 0, PROCESSING: 0, SHIPPED: 0, DELIVERED: 0, CANCELLED: 1 });
});
