import type { HistoryEntry, Item, Order, OrderStatus } from '@order-pipeline/contracts';
import { expect, test } from '@jest/globals';
import { verify, walkTimesMs, type Expected, type Found } from '../src/verify.ts';

const orders = [
  { orderId: 'o1', userId: 'u1', items: [{ itemId: 'p1', quantity: 2 }] },
  {
    orderId: 'o2',
    userId: 'u2',
    items: [
      { itemId: 'p1', quantity: 3 },
      { itemId: 'p2', quantity: 1 },
    ],
  },
];

/** Two orders, of which the second was cancelled. */
const expected: Expected = {
  orders,
  items: [
    { itemId: 'p1', itemName: 'Pen', availableQty: 5 },
    { itemId: 'p2', itemName: 'Ink', availableQty: 1 },
  ],
  cancelled: new Set(['o2']),
  refused: new Map(),
};

const history = (...statuses: OrderStatus[]): HistoryEntry[] =>
  statuses.map((status, index) => ({ status, at: `2026-01-01T12:00:0${index}.000Z`, cause: 'test' }));

const delivered: Order = { ...orders[0]!, status: 'DELIVERED' };
const cancelled: Order = { ...orders[1]!, status: 'CANCELLED' };
const walk = history('PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED');

const pen: Item = { itemId: 'p1', itemName: 'Pen', availableQty: 3, reservedQty: 0 };
const ink: Item = { itemId: 'p2', itemName: 'Ink', availableQty: 1, reservedQty: 0 };

const right: Found = {
  orders: [cancelled, delivered],
  items: [ink, pen],
  histories: new Map([
    ['o1', walk],
    ['o2', history('PENDING', 'CANCELLED')],
  ]),
};

const problemsIn = (found: Partial<Found>, asked: Partial<Expected> = {}): string[] =>
  verify({ ...expected, ...asked }, { ...right, ...found }).flatMap(({ about, problems }) =>
    problems.map((problem) => `${about}: ${problem}`),
  );

const withHistory = (entries: readonly HistoryEntry[]): Partial<Found> => ({
  histories: new Map(right.histories).set('o1', entries),
});

test('when everything is as it should be, no check finds a problem and each says what it has checked', () => {
  expect(verify(expected, right)).toEqual([
    { about: 'Orders', problems: [], sentence: 'all 2 are as in the file, 1 DELIVERED and 1 CANCELLED' },
    {
      about: 'Units',
      problems: [],
      sentence: '2 of 2 products have left, the 4 of cancelled orders can be sold again',
    },
    { about: 'Reserved', problems: [], sentence: 'nothing is left reserved' },
    { about: 'Histories', problems: [], sentence: 'all 2 were read, each is legal and in order of time' },
  ]);
});

test('a unit that is missing is found', () => {
  expect(problemsIn({ items: [ink, { ...pen, availableQty: 2 }] })).toEqual([
    'Units: p1: 3 have left, by the file 2',
    'Units: p1: 2 are available, by the file 3',
  ]);
});

test('a unit too many is found', () => {
  expect(problemsIn({ items: [pen, { ...ink, availableQty: 2 }] })).toEqual([
    'Units: p2: -1 have left, by the file 0',
    'Units: p2: 2 are available, by the file 1',
  ]);
});

test('units that are still reserved are found, also where the sum is right', () => {
  expect(problemsIn({ items: [ink, { ...pen, availableQty: 2, reservedQty: 1 }] })).toEqual([
    'Units: p1: 2 are available, by the file 3',
    'Reserved: p1: 1 still reserved',
  ]);
});

test('an item that is not there is found', () => {
  expect(problemsIn({ items: [pen] })).toEqual(['Units: p2 is not there']);
});

test.each([
  ['is missing', [delivered], 'o2 is not there'],
  ['is there twice', [cancelled, delivered, delivered], 'o1 is there 2 times'],
  ['is another user’s', [cancelled, { ...delivered, userId: 'u2' }], 'o1 is of u2, not of u1'],
  ['did not arrive', [cancelled, { ...delivered, status: 'SHIPPED' }], 'o1 is SHIPPED, not DELIVERED'],
  [
    'walked on when cancelled',
    [{ ...cancelled, status: 'DELIVERED' }, delivered],
    'o2 is DELIVERED, not CANCELLED',
  ],
  [
    'has other lines',
    [cancelled, { ...delivered, items: [{ itemId: 'p1', quantity: 1 }] }],
    'o1 has 1 × p1, not 2 × p1',
  ],
  ['was never placed', [cancelled, delivered, { ...delivered, orderId: 'o3' }], 'o3 is not in the file'],
] as const)('an order that %s is found', (_, found, problem) => {
  expect(problemsIn({ orders: found as readonly Order[] })).toEqual([`Orders: ${problem}`]);
});

test.each([
  ['jumps over a status', history('PENDING', 'PROCESSING', 'DELIVERED')],
  ['turns back', history('PENDING', 'PROCESSING', 'SHIPPED', 'PROCESSING', 'SHIPPED', 'DELIVERED')],
  ['repeats a status', history('PENDING', 'PROCESSING', 'SHIPPED', 'SHIPPED', 'DELIVERED')],
  ['is not finished', history('PENDING', 'PROCESSING')],
  ['ends cancelled after it was shipped', history('PENDING', 'PROCESSING', 'SHIPPED', 'CANCELLED')],
  ['is empty', []],
])('a history that %s is found', (_, entries) => {
  const went = entries.map(({ status }) => status).join(' → ');
  expect(problemsIn(withHistory(entries))).toEqual([
    `Histories: o1 went ${went}, not PENDING → PROCESSING → SHIPPED → DELIVERED`,
  ]);
});

test('a history that goes back in time is found', () => {
  const entries = walk.map((entry) =>
    entry.status === 'SHIPPED' ? { ...entry, at: '2026-01-01T11:00:00.000Z' } : entry,
  );
  expect(problemsIn(withHistory(entries))[0]).toMatch(/^Histories: o1 went back in time: PENDING .*11:00:00/);
});

test('an order without a history is found', () => {
  expect(problemsIn({ histories: new Map([['o1', walk]]) })).toEqual(['Histories: o2 has no history']);
});

test('an order that was refused is a problem, and its units must be in stock', () => {
  const refused = new Map([['o1', '503 down']]);
  const found = { orders: [cancelled], items: [ink, { ...pen, availableQty: 5 }] };
  expect(problemsIn(found, { refused })).toEqual(['Orders: o1 was not placed: 503 down']);
  expect(problemsIn({ ...found, items: [ink, pen] }, { refused })).toHaveLength(3);
});

test('the time from placed to delivered comes from the histories of delivered orders, shortest first', () => {
  const quick = walk.map((entry, index) => ({ ...entry, at: `2026-01-01T12:00:00.${index}00Z` }));
  expect(walkTimesMs([walk, history('PENDING', 'CANCELLED'), quick])).toEqual([300, 3_000]);
});
