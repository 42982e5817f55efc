import { expect, test } from '@jest/globals';
import { ORDER_STATUSES, type NewOrder, type OrderLine } from '@order-pipeline/contracts';
import { decideCancellation, decideRepeat, isSameOrder, splitRepeats } from '../src/domain.ts';

const linesOf = (quantities: Record<string, number>): OrderLine[] =>
  Object.entries(quantities).map(([itemId, quantity]) => ({ itemId, quantity }));

const order: NewOrder = { orderId: 'order-1', userId: 'user11', items: linesOf({ desk: 2, lamp: 1 }) };

test('the same user and the same lines are the same order, whether the status was named or not', () => {
  expect(isSameOrder(order, { ...order, items: linesOf({ desk: 2, lamp: 1 }) })).toBe(true);
  const named: NewOrder = { ...order, status: 'PENDING' };
  expect(decideRepeat(order, named)).toEqual({ outcome: 'PLACED', isNew: false });
});

test.each([
  [linesOf({ lamp: 1, desk: 2 })],
  [[...linesOf({ desk: 1 }), ...linesOf({ lamp: 1 }), ...linesOf({ desk: 1 })]],
])('the same units in other lines are the same order: %j', (items) => {
  expect(decideRepeat(order, { ...order, items })).toEqual({ outcome: 'PLACED', isNew: false });
  expect(decideRepeat({ ...order, items }, order)).toEqual({ outcome: 'PLACED', isNew: false });
});

test.each([
  { userId: 'user12' },
  { items: linesOf({ desk: 2 }) },
  { items: linesOf({ desk: 2, lamp: 2 }) },
  { items: linesOf({ desk: 2, sofa: 1 }) },
  { items: linesOf({ desk: 2, lamp: 1, sofa: 1 }) },
])('under a taken id, another order is refused: %j', (other) => {
  expect(decideRepeat(order, { ...order, ...other })).toEqual({ outcome: 'ID_TAKEN' });
});

test('of requests with one id the first goes now, the others wait for it in their order', () => {
  const requestOf = (orderId: string, userId: string) => ({ order: { ...order, orderId, userId } });
  const requests = [requestOf('a', '1'), requestOf('b', '2'), requestOf('a', '3'), requestOf('a', '4')];
  const { now, later } = splitRepeats(requests);
  expect(now).toEqual([requests[0], requests[1]]);
  expect(later).toEqual([requests[2], requests[3]]);
});

test.each(ORDER_STATUSES.filter((status) => status !== 'PENDING'))(
  'an order that is %s is not cancelled, in the words of the contract',
  (status) => {
    expect(decideCancellation(status)).toEqual({
      outcome: 'REFUSED',
      sentence: `Order cannot be cancelled. Current status: ${status}`,
    });
  },
);

test('an order that does not exist, or did not when it was to be cancelled, is not found', () => {
  expect(decideCancellation(undefined)).toEqual({ outcome: 'NOT_FOUND' });
  expect(decideCancellation('PENDING')).toEqual({ outcome: 'NOT_FOUND' });
});
