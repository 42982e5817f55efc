import { expect, test } from '@jest/globals';
import { mergeLines, type OrderLine, type ReservationRequest } from '@order-pipeline/contracts';
import { decideReservations, decideSettlements, isSameItem, type StoredReservation } from '../src/domain.ts';

const linesOf = (quantities: Record<string, number>): OrderLine[] =>
  Object.entries(quantities).map(([itemId, quantity]) => ({ itemId, quantity }));

const request = (orderId: string, quantities: Record<string, number>): ReservationRequest => ({
  orderId,
  lines: linesOf(quantities),
});

const stored = (
  orderId: string,
  quantities: Record<string, number>,
  state: StoredReservation['state'] = 'HELD',
): StoredReservation => ({ orderId, reservationId: `old-${orderId}`, state, lines: linesOf(quantities) });

const decide = (
  requests: ReservationRequest[],
  stock: Record<string, number>,
  known: StoredReservation[] = [],
) => {
  let ids = 0;
  return decideReservations(
    requests,
    new Map(Object.entries(stock)),
    new Map(known.map((reservation) => [reservation.orderId, reservation])),
    () => `new-${(ids += 1)}`,
  );
};

test('an order whose stock is there is reserved under a new id', () => {
  expect(decide([request('order', { desk: 2, lamp: 1 })], { desk: 2, lamp: 5 })).toEqual({
    results: [{ orderId: 'order', outcome: 'RESERVED', reservationId: 'new-1' }],
    reservations: [
      {
        orderId: 'order',
        reservationId: 'new-1',
        lines: [
          { itemId: 'desk', quantity: 2 },
          { itemId: 'lamp', quantity: 1 },
        ],
      },
    ],
  });
});

test('an order that lacks one of its items takes none of them', () => {
  const { results, reservations } = decide([request('greedy', { lamp: 5, desk: 3 })], { desk: 2, lamp: 5 });
  expect(results).toEqual([
    {
      orderId: 'greedy',
      outcome: 'NOT_ENOUGH_STOCK',
      short: [{ itemId: 'desk', requestedQty: 3, availableQty: 2 }],
    },
  ]);
  expect(reservations).toEqual([]);
});

test('what a refused order would have taken is there for the next one', () => {
  const { results } = decide([request('greedy', { lamp: 5, desk: 3 }), request('next', { lamp: 5 })], {
    desk: 2,
    lamp: 5,
  });
  expect(results.map(({ outcome }) => outcome)).toEqual(['NOT_ENOUGH_STOCK', 'RESERVED']);
});

test('all items that are unknown are named, even where others are short', () => {
  const { results } = decide([request('order', { nothing: 1, desk: 9, nowhere: 1 })], { desk: 2 });
  expect(results).toEqual([{ orderId: 'order', outcome: 'UNKNOWN_ITEM', itemIds: ['nothing', 'nowhere'] }]);
});

test('an item without units is short, not unknown', () => {
  expect(decide([request('order', { desk: 1 })], { desk: 0 }).results[0]?.outcome).toBe('NOT_ENOUGH_STOCK');
});

test('the lines of one item in one order are summed', () => {
  const twice = [
    { itemId: 'lamp', quantity: 2 },
    { itemId: 'desk', quantity: 1 },
    { itemId: 'lamp', quantity: 2 },
  ];
  expect(mergeLines(twice)).toEqual(linesOf({ desk: 1, lamp: 4 }));
  const [result] = decide([{ orderId: 'order', lines: twice }], { desk: 9, lamp: 3 }).results;
  expect(result).toMatchObject({ short: [{ itemId: 'lamp', requestedQty: 4, availableQty: 3 }] });
});

test('the orders of a batch are served in their order, each with its own result', () => {
  const { results } = decide(
    [
      request('first', { desk: 2 }),
      request('too much', { desk: 2 }),
      request('last', { desk: 1 }),
      request('late', { desk: 1 }),
    ],
    { desk: 3 },
  );
  expect(results.map(({ orderId, outcome }) => [orderId, outcome])).toEqual([
    ['first', 'RESERVED'],
    ['too much', 'NOT_ENOUGH_STOCK'],
    ['last', 'RESERVED'],
    ['late', 'NOT_ENOUGH_STOCK'],
  ]);
});

test.each(['HELD', 'CONSUMED'] as const)('a repeat of what is %s takes nothing', (state) => {
  const { results, reservations } = decide([request('order', { lamp: 1, desk: 2 })], { desk: 0, lamp: 0 }, [
    stored('order', { desk: 2, lamp: 1 }, state),
  ]);
  expect(results).toEqual([{ orderId: 'order', outcome: 'RESERVED', reservationId: 'old-order' }]);
  expect(reservations).toEqual([]);
});

test.each([{ desk: 1 }, { desk: 2, lamp: 1 }, { lamp: 2 }])(
  'other lines under an order id that is held conflict: %j',
  (quantities) => {
    const { results, reservations } = decide([request('order', quantities)], { desk: 9, lamp: 9 }, [
      stored('order', { desk: 2 }),
    ]);
    expect(results).toEqual([
      { orderId: 'order', outcome: 'CONFLICTING_RESERVATION', reservationId: 'old-order' },
    ]);
    expect(reservations).toEqual([]);
  },
);

test('a reservation that was released can be made again, with other lines too, under another id', () => {
  const { results, reservations } = decide([request('order', { lamp: 1 })], { lamp: 1 }, [
    stored('order', { desk: 2 }, 'RELEASED'),
  ]);
  expect(results).toEqual([{ orderId: 'order', outcome: 'RESERVED', reservationId: 'new-1' }]);
  expect(reservations).toEqual([{ orderId: 'order', reservationId: 'new-1', lines: linesOf({ lamp: 1 }) }]);
});

test('an order that stands twice in a batch is reserved once', () => {
  const { results, reservations } = decide(
    [request('order', { desk: 1 }), request('order', { desk: 1 }), request('order', { desk: 2 })],
    { desk: 9 },
  );
  expect(results).toEqual([
    { orderId: 'order', outcome: 'RESERVED', reservationId: 'new-1' },
    { orderId: 'order', outcome: 'RESERVED', reservationId: 'new-1' },
    { orderId: 'order', outcome: 'CONFLICTING_RESERVATION', reservationId: 'new-1' },
  ]);
  expect(reservations).toHaveLength(1);
});

test('stock goes back where no order will stand on it, leaves where it was shipped, and stays otherwise', () => {
  const verdicts = ['ABANDONED', 'CANCELLED', 'SHIPPED', 'DELIVERED', 'PENDING', 'PROCESSING'] as const;
  const settlements = verdicts.map((verdict) => ({ orderId: verdict, reservationId: verdict, verdict }));
  const { release, consume } = decideSettlements(settlements);
  expect(release.map(({ verdict }) => verdict)).toEqual(['ABANDONED', 'CANCELLED']);
  expect(consume.map(({ verdict }) => verdict)).toEqual(['SHIPPED', 'DELIVERED']);
});

test('an item is the same when its name and its first quantity are', () => {
  const item = { itemId: 'desk', itemName: 'Desk', availableQty: 10 };
  expect(isSameItem(item, { ...item })).toBe(true);
  expect(isSameItem(item, { ...item, itemName: 'desk' })).toBe(false);
  expect(isSameItem(item, { ...item, availableQty: 9 })).toBe(false);
});
