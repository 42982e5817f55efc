import { expect, test } from '@jest/globals';
import { ORDER_STATUSES, type OrderStatus } from '@order-pipeline/contracts';
import { waitRequestOf } from '../../src/waiting/preferences.ts';

const waitS = (prefer: string): number => waitRequestOf({ query: {}, headers: { prefer } }).waitS;

test.each([
  ['wait=30', 30],
  ['WAIT = "5"', 5],
  ['respond-async, wait=7', 7],
  ['wait=9; foo=bar, wait=10', 9],
  ['wait=3600', 60],
  ['wait=0', 0],
  ['wait=-1', 0],
  ['wait=1.5', 0],
  ['wait', 0],
  ['await=5', 0],
  ['return=minimal', 0],
  ['', 0],
])('Prefer: %s is a wait of %i s', (header, seconds) => {
  expect(waitS(header)).toBe(seconds);
});

test('the query goes before the header', () => {
  expect(waitRequestOf({ query: { wait: 3 }, headers: { prefer: 'wait=30' } }).waitS).toBe(3);
});

const settledFor = (until: OrderStatus): readonly OrderStatus[] =>
  ORDER_STATUSES.filter(waitRequestOf({ query: { until } }).isSettled);

test.each<[OrderStatus, readonly OrderStatus[]]>([
  ['PENDING', ORDER_STATUSES],
  ['PROCESSING', ['PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED']],
  ['SHIPPED', ['SHIPPED', 'DELIVERED', 'CANCELLED']],
  ['DELIVERED', ['DELIVERED', 'CANCELLED']],
  ['CANCELLED', ['PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED']],
])('until %s is over where it stands there, beyond, or can no longer come there', (until, statuses) => {
  expect(settledFor(until)).toEqual(statuses);
});

test.each([
  ['"PENDING"', ['PENDING']],
  ['W/"PENDING", "SHIPPED"', ['PENDING', 'SHIPPED']],
  ['*', ORDER_STATUSES],
  ['PENDING', []],
])('If-None-Match: %s knows %j', (header, statuses) => {
  const { isKnown, isSettled } = waitRequestOf({ query: {}, headers: { 'if-none-match': header } });
  expect(ORDER_STATUSES.filter(isKnown)).toEqual(statuses);
  // Without until it is any other status that is waited for.
  expect(ORDER_STATUSES.filter((status) => !isSettled(status))).toEqual(statuses);
});
