import { expect, test } from '@jest/globals';
import type { NewOrder } from '@order-pipeline/contracts';
import { createFindings } from '../../src/findings.ts';
import { createModel } from '../../src/workload/model.ts';
import { judgeRejection } from '../../src/workload/rejections.ts';

const ITEM = { itemId: 'item-1', itemName: 'Item 1', availableQty: 15 };
const orderOf = (orderId: string, quantity: number): NewOrder => ({
  orderId,
  userId: 'user-1',
  items: [{ itemId: ITEM.itemId, quantity }],
});

/** What is found of a refusal for want of stock, after these orders were asked for. */
const foundOf = (refused: NewOrder, asked: readonly NewOrder[]): readonly unknown[] => {
  const findings = createFindings();
  const model = createModel(findings);
  model.item(ITEM.itemId).confirmed = { content: ITEM, at: 1 };
  for (const order of asked) model.order(order.orderId).asked.push({ content: order, at: 2 });
  const body = { code: 'NOT_ENOUGH_STOCK', error: 'Not enough stock of item-1', status: 409 };
  const gatewayClock = { least: 3, most: 4 };
  const answer = {
    status: 409,
    headers: {},
    body,
    askedAt: 3,
    answeredAt: 4,
    wasStopping: false,
    gatewayClock,
  };
  judgeRejection({ model, findings } as Parameters<typeof judgeRejection>[0], refused, answer);
  return findings.list();
};

test('another order for the same units may have taken them', () => {
  expect(foundOf(orderOf('b', 8), [orderOf('a', 8), orderOf('b', 8)])).toEqual([]);
});

test('what was asked under the same id, and is the same order, takes nothing from itself', () => {
  expect(foundOf(orderOf('b', 8), [orderOf('b', 8)])).toHaveLength(1);
});

test('what else was asked under the same id may have taken units', () => {
  expect(foundOf(orderOf('b', 8), [orderOf('b', 9)])).toEqual([]);
});
