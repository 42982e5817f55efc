import { expect, test } from '@jest/globals';
import { order, problemsOf, useHarness } from './harness.ts';

const ORDER_ID_RULE =
  'must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -, but not . .. or user, which have a meaning of their own in a path';
const TEXT_RULE =
  'must be text that can be read, without control, direction, tag, private or unassigned characters, and not only spaces';

const { harness, inject, post } = useHarness();

test('what is well asked reaches its operation', async () => {
  const response = await post('/api/orders', order());
  expect(response.statusCode).toBe(201);
  expect(response.json()).toEqual({ message: 'Order placed successfully', orderId: 'order-1' });
  expect(harness.asked).toMatchObject([{ path: '/api/orders', input: { body: order() } }]);
});

test.each([
  [{ colour: 'red' }, 'order.colour', 'is not a known field'],
  [{ orderId: 'a b' }, 'order.orderId', ORDER_ID_RULE],
  [{ orderId: '' }, 'order.orderId', ORDER_ID_RULE],
  [{ orderId: 'x'.repeat(129) }, 'order.orderId', ORDER_ID_RULE],
  [{ orderId: 'a\n' }, 'order.orderId', ORDER_ID_RULE],
  [{ orderId: 7 }, 'order.orderId', ORDER_ID_RULE],
  [{ orderId: '..' }, 'order.orderId', ORDER_ID_RULE],
  [{ orderId: 'user' }, 'order.orderId', ORDER_ID_RULE],
  [{ userId: undefined }, 'order.userId', 'is missing'],
  [{ status: 'SHIPPED' }, 'order.status', 'must be "PENDING"'],
  [{ items: [] }, 'order.items', 'must be a list with from 1 to 100 entries'],
  [{ items: 'item1' }, 'order.items', 'must be a list with from 1 to 100 entries'],
  [
    { items: Array.from({ length: 101 }, (_, n) => ({ itemId: `i${n}`, quantity: 1 })) },
    'order.items',
    'must be a list with from 1 to 100 entries',
  ],
  [{ items: ['item1'] }, 'order.items[0]', 'must be an object'],
  [
    { items: [{ itemId: 'a', quantity: '3' }] },
    'order.items[0].quantity',
    'must be a whole number from 1 to 1000000',
  ],
  [
    { items: [{ itemId: 'a', quantity: 0 }] },
    'order.items[0].quantity',
    'must be a whole number from 1 to 1000000',
  ],
  [
    { items: [{ itemId: 'a', quantity: 1.5 }] },
    'order.items[0].quantity',
    'must be a whole number from 1 to 1000000',
  ],
  [
    { items: [{ itemId: 'a', quantity: 1_000_001 }] },
    'order.items[0].quantity',
    'must be a whole number from 1 to 1000000',
  ],
  [
    { items: [{ itemId: 'a', quantity: null }] },
    'order.items[0].quantity',
    'must be a whole number from 1 to 1000000',
  ],
])('bad input is refused with its field named: %j', async (wrong, field, message) => {
  const response = await post('/api/orders', order(wrong));
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({
    error: `Bad input: ${field} ${message}`,
    status: 400,
    code: 'VALIDATION_FAILED',
    details: [{ field, message }],
  });
  expect(harness.asked).toEqual([]);
});

test('a number too large for a number is refused', async () => {
  const response = await post('/api/orders', JSON.stringify(order()).replace('3', '1e999'));
  expect(problemsOf(response)).toMatchObject([{ field: 'order.items[0].quantity' }]);
});

test('all that is wrong is said at once, each field once', async () => {
  const response = await post('/api/users', { userId: '', name: '', extra: 1 });
  expect(
    problemsOf(response)
      .map(({ field }) => field)
      .toSorted(),
  ).toEqual(['email', 'extra', 'name', 'userId']);
});

test.each([
  ['a\u0000b', TEXT_RULE],
  ['a\ud800b', TEXT_RULE],
  ['\udc00\ud800', TEXT_RULE],
  ['   ', TEXT_RULE],
  ['\u00a0', TEXT_RULE],
  ['\u200b\u200b', TEXT_RULE],
  ['\u200d', TEXT_RULE],
  ['\u3164', TEXT_RULE],
  ['a\u0085b', TEXT_RULE],
  ['a\u200bb', TEXT_RULE],
  ['a \u200db', TEXT_RULE],
  ['a\u202eb', TEXT_RULE],
  ['a\u2066b', TEXT_RULE],
  ['a\u2028b', TEXT_RULE],
  ['a\uffffb', TEXT_RULE],
  ['a\u0378b', TEXT_RULE],
  ['a\ue000b', TEXT_RULE],
  ['🏴\u{e0067}\u{e0062}\u{e007f}', TEXT_RULE],
  ['😀'.repeat(201), 'must have from 1 to 200 characters'],
  ['', 'must have from 1 to 200 characters'],
  ['x'.repeat(201), 'must have from 1 to 200 characters'],
])('a name that cannot be stored or read is refused: %j', async (name, message) => {
  const response = await post('/api/users', { userId: 'a', name, email: 'a@example.com' });
  expect(problemsOf(response)).toEqual([{ field: 'name', message }]);
});

test.each([
  'Zoë',
  '李小龍',
  '葛\u{e0100}城',
  'محمد\u200cرضا',
  'श्री\u200dमान',
  'ക്രിസ്ത്യന്\u200d',
  'נועה לוי',
  '山田\u3000太郎',
  '👩‍🚀 Ada',
  "O'Neil; DROP TABLE users",
  '😀'.repeat(200),
])('a name may be %s', async (name) => {
  const response = await post('/api/users', { userId: 'a', name, email: 'a@example.com' });
  expect(response.statusCode).toBe(201);
  expect(harness.asked).toMatchObject([{ input: { body: { name } } }]);
});

test.each(['__proto__', 'constructor', 'prototype', 'toString'])(
  'the key %s is a field like any other, and not a known one',
  async (key) => {
    const response = await post(
      '/api/users',
      `{"userId":"a","name":"A","email":"a@example.com","${key}":{"x":1}}`,
    );
    expect(response.statusCode).toBe(400);
    expect(problemsOf(response)).toEqual([{ field: key, message: 'is not a known field' }]);
  },
);

test('the name of an unknown field is not echoed in full when it is long', async () => {
  const response = await post('/api/users', { ['x'.repeat(100_000)]: 1 });
  expect(response.body.length).toBeLessThan(2_000);
});

test('a cancellation needs no body, whatever its content type says', async () => {
  for (const options of [{}, { headers: { 'content-type': 'application/json' } }, { payload: {} }]) {
    const response = await inject({ method: 'POST', url: '/api/orders/order-1/cancel', ...options });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({ status: 'CANCELLED' });
  }
});

test('a cancellation with fields that it does not know is refused', async () => {
  const response = await post('/api/orders/order-1/cancel', { reason: 'late' });
  expect(response.statusCode).toBe(400);
  expect(problemsOf(response)).toEqual([{ field: 'reason', message: 'is not a known field' }]);
});

test('a query is read as what it means, with its defaults', async () => {
  await inject('/api/orders?limit=7&status=SHIPPED');
  await inject('/api/orders');
  expect(harness.asked).toMatchObject([
    { input: { query: { limit: 7, status: 'SHIPPED' } } },
    { input: { query: { limit: 100 } } },
  ]);
});

test.each([
  ['limit=0', 'limit', 'must be a whole number from 1 to 1000'],
  ['limit=1001', 'limit', 'must be a whole number from 1 to 1000'],
  ['limit=ten', 'limit', 'must be a whole number from 1 to 1000'],
  ['limit=', 'limit', 'must be a whole number from 1 to 1000'],
  ...['0x10', '1e2', '+1', '%2B1', '%201', '1%20', '1.0', '-1', '0b11', '٣'].map(
    (text) => [`limit=${text}`, 'limit', 'must be a whole number from 1 to 1000'] as const,
  ),
  ['limit=1&limit=2', 'limit', 'must be a whole number from 1 to 1000'],
  ['status=pending', 'status', 'must be one of PENDING, PROCESSING, SHIPPED, DELIVERED, CANCELLED'],
  [
    'status=PENDING&status=SHIPPED',
    'status',
    'must be one of PENDING, PROCESSING, SHIPPED, DELIVERED, CANCELLED',
  ],
  ['cursor=%00', 'cursor', 'must be a cursor from the Link header of the page before'],
  ['page=2', 'page', 'is not a known field'],
  ['__proto__=1', '__proto__', 'is not a known field'],
])('a query is checked: %s', async (query, field, message) => {
  const response = await inject(`/api/orders?${query}`);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({
    error: `Bad input: ${field} ${message}`,
    code: 'VALIDATION_FAILED',
    details: [{ field, message }],
  });
});

test('an operation without a query refuses one', async () => {
  const response = await inject('/api/orders/order-1?verbose=true');
  expect(problemsOf(response)).toEqual([{ field: 'verbose', message: 'is not a known field' }]);
});

test.each(['/api/users/a%20b', '/api/users/%00', `/api/users/${'x'.repeat(129)}`, '/api/users/a%2Fb'])(
  'an id in a path is checked: %s',
  async (url) => {
    const response = await inject(url);
    expect(response.statusCode).toBe(400);
    expect(problemsOf(response)).toMatchObject([{ field: 'userId' }]);
  },
);
