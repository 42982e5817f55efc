import { expect, test } from '@jest/globals';
import { order, problemsOf, useHarness } from './harness.ts';

const { harness, inject, post } = useHarness();

test.each(['{', '{"order":}', "{'order':1}", '{"a":1}}', 'null null'])(
  'a body that is not JSON is refused as such: %s',
  async (payload) => {
    const response = await post('/api/orders', payload);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({
      error: 'The body is not well-formed JSON',
      status: 400,
      code: 'MALFORMED_JSON',
    });
  },
);

test.each(['null', '1', '"text"', '[]'])('a body must be an object, not %s', async (payload) => {
  const response = await post('/api/orders', payload);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: 'VALIDATION_FAILED' });
});

test.each([{}, { 'content-type': 'application/json' }])(
  'no body at all is missing, with %j',
  async (headers) => {
    const response = await inject({ method: 'POST', url: '/api/orders', headers });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      error: 'Bad input: the body is missing',
    });
  },
);

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/jsonp',
  'multipart/form-data; boundary=x',
])('a body sent as %s is refused with 415', async (type) => {
  const response = await post('/api/orders', JSON.stringify(order()), { 'content-type': type });
  expect(response.statusCode).toBe(415);
  expect(response.json()).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
});

test.each(['charset=utf-8', 'charset="UTF-8"', 'charset=utf8', 'x=1; Charset = utf-8'])(
  'a content type may say %s',
  async (parameter) => {
    const response = await post('/api/orders', JSON.stringify(order()), {
      'content-type': `application/json; ${parameter}`,
    });
    expect(response.statusCode).toBe(201);
  },
);

const user = { userId: 'user11', name: 'Ada', email: 'ada@example.com' };

test.each([
  ['/api/orders', order(), 65_536, 201],
  ['/api/users', user, 4_096, 201],
  ['/api/orders/order-1/cancel', {}, 1_024, 200],
])('a body of %s as large as it may be is read, and one byte more is refused with 413', async (...row) => {
  const [url, body, most, status] = row;
  const text = JSON.stringify(body);
  expect((await post(url, text.padEnd(most))).statusCode).toBe(status);
  const response = await post(url, text.padEnd(most + 1));
  expect(response.statusCode).toBe(413);
  expect(response.json()).toEqual({
    error: `The body may have ${most} bytes at most`,
    status: 413,
    code: 'BODY_TOO_LARGE',
  });
});

test('an order of 100 lines with the longest ids is read', async () => {
  const items = Array.from({ length: 100 }, (_, n) => ({
    itemId: `${n}`.padEnd(128, 'x'),
    quantity: 1_000_000,
  }));
  expect((await post('/api/orders', order({ items }))).statusCode).toBe(201);
});

test('a user with the longest name is read, whatever it is written in', async () => {
  const name = '😀'.repeat(200);
  const escaped = JSON.stringify({ ...user, name: '' }).replace('""', `"${'\\ud83d\\ude00'.repeat(200)}"`);
  expect((await post('/api/users', escaped)).statusCode).toBe(201);
  expect(harness.asked).toMatchObject([{ input: { body: { name } } }]);
});

test.each([
  ['a byte of Latin-1', Buffer.from('{"userId":"a","name":"K\xe4the","email":"a@b.co"}', 'latin1')],
  ['a character cut short', Buffer.from('{"userId":"a","name":"K\xc3","email":"a@b.co"}', 'latin1')],
  ['half a surrogate pair', Buffer.from('{"userId":"a","name":"K\xed\xa0\x80","email":"a@b.co"}', 'latin1')],
  ['UTF-16', Buffer.from(JSON.stringify(user), 'utf16le')],
])('a body with %s is not UTF-8, and refused', async (_, payload) => {
  const response = await post('/api/users', payload);
  expect([response.statusCode, response.json()]).toMatchObject([
    400,
    { code: 'MALFORMED_JSON', status: 400 },
  ]);
  expect(harness.asked).toEqual([]);
});

test.each(['windows-1252', 'iso-8859-1', '"utf-16"', 'utf-8; charset=latin1'])(
  'a body in the charset %s is refused with 415',
  async (charset) => {
    const response = await post('/api/users', user, {
      'content-type': `application/json; charset=${charset}`,
    });
    expect(response.statusCode).toBe(415);
    expect(response.json()).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    expect(harness.asked).toEqual([]);
  },
);

test('what is wrong first is said when there is too much to say it all', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${n}`, 1]));
  const wrong = await post('/api/orders', { ...order(), ...unknown });
  expect(problemsOf(wrong)).toHaveLength(20);
  expect(wrong.body.length).toBeLessThan(4_096);
});
