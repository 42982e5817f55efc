import { expect, test } from '@jest/globals';
import { isSameContent } from '../../src/workload/content.ts';

const order = (userId: string, ...items: [itemId: string, quantity: number][]) => ({
  userId,
  items: items.map(([itemId, quantity]) => ({ itemId, quantity })),
});

test('the same units of the same items are the same order, in whatever lines', () => {
  const asked = order('u', ['a', 1], ['b', 2], ['a', 3]);
  expect(isSameContent(asked, order('u', ['b', 2], ['a', 4]))).toBe(true);
  expect(isSameContent(asked, asked)).toBe(true);
});

test('other units, items or users are another order', () => {
  const asked = order('u', ['a', 1], ['b', 2]);
  const others = [
    order('u', ['a', 1], ['b', 3]),
    order('u', ['a', 1]),
    order('u', ['a', 1], ['b', 2], ['c', 1]),
    order('v', ['a', 1], ['b', 2]),
  ];
  for (const other of others) {
    expect(isSameContent(asked, other)).toBe(false);
    expect(isSameContent(other, asked)).toBe(false);
  }
});
