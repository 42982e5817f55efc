import { expect, test } from '@jest/globals';
import { createRuntime } from '@order-pipeline/service-kit';
import { decodeEvent, encodeEvent, type RawMessage } from '../src/index.ts';
import { placed, TRACE } from './support.ts';

const runtime = createRuntime();
const position = { topic: 'ORDER_PLACED', partition: 2, offset: '7' };
const json = (value: unknown): RawMessage => ({ key: null, value: Buffer.from(JSON.stringify(value)) });

/** What arrives when `encodeEvent`'s message is sent. */
const received = (headers: RawMessage['headers'] = {}): RawMessage => {
  const message = encodeEvent({ event: placed('order-1'), trace: TRACE }, 'orders');
  const sent = Object.entries(message.headers ?? {}).map(([name, value]) => [
    name,
    Buffer.from(String(value)),
  ]);
  return {
    key: Buffer.from(String(message.key)),
    value: Buffer.from(String(message.value)),
    headers: { ...Object.fromEntries(sent), ...headers },
  };
};

test('an event is a CloudEvents message in binary mode, keyed by its order, with its trace', () => {
  const { key, value, headers } = encodeEvent({ event: placed('order-1'), trace: TRACE }, 'orders');
  expect(key).toBe('order-1');
  expect(JSON.parse(String(value))).toEqual(placed('order-1'));
  expect(headers).toEqual({
    ce_specversion: '1.0',
    ce_id: 'order-1:PENDING',
    ce_source: '/order-pipeline/orders',
    ce_type: 'ORDER_PLACED',
    ce_subject: 'order-1',
    ce_time: '2026-01-01T12:00:00.000Z',
    'content-type': 'application/json',
    traceparent: `00-${TRACE.traceId}-${TRACE.spanId}-00`,
  });
});

test('what was encoded is decoded to the same event, as the next step of its trace', () => {
  const raw = received();
  const decoded = decodeEvent(position, raw, runtime);
  expect(decoded).toEqual({
    ...position,
    event: placed('order-1'),
    id: 'order-1:PENDING',
    raw,
    trace: { traceId: TRACE.traceId, spanId: expect.stringMatching(/^[0-9a-f]{16}$/) },
  });
  expect(decoded).not.toMatchObject({ trace: { spanId: TRACE.spanId } });
});

test.each([
  ['that stands twice', [Buffer.from('00-a-b-01'), Buffer.from('00-c-d-01')]],
  ['without a value', null as unknown as Buffer],
  ['that is malformed', Buffer.from('00-nonsense-01')],
  ['of zeroes', Buffer.from(`00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`)],
])('an event with a traceparent %s begins a trace of its own', (_, traceparent) => {
  const decoded = decodeEvent(position, received({ traceparent }), runtime);
  expect(decoded).toMatchObject({ trace: { traceId: expect.stringMatching(/^[0-9a-f]{32}$/) } });
  expect(decoded).not.toMatchObject({ trace: { traceId: TRACE.traceId } });
});

test('a field that a later version added is ignored, in the event and in its lines', () => {
  const later = {
    ...placed('order-1'),
    currency: 'EUR',
    items: placed('order-1').items.map((line) => ({ ...line, price: 3 })),
  };
  const decoded = decodeEvent(position, json(later), runtime);
  expect(decoded).toMatchObject({ id: 'order-1:PENDING' });
  expect('event' in decoded && decoded.event).toEqual(placed('order-1'));
});

const nested = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
const manyBadLines = { ...placed('order-1'), items: Array.from({ length: 50_000 }, () => ({ itemId: '' })) };

test.each<[string, RawMessage, RegExp]>([
  ['without a value', { key: null, value: null }, /^there is no value$/],
  ['that is empty', { key: null, value: Buffer.alloc(0) }, /^the value is not JSON$/],
  ['of broken JSON', { key: null, value: Buffer.from('{"orderId":') }, /^the value is not JSON$/],
  ['of bytes that are no text', { key: null, value: Buffer.from([0xff, 0xfe, 0x00]) }, /not JSON$/],
  ['that nests without end', { key: null, value: Buffer.from(nested) }, /./],
  ['of null', json(null), /^the value /],
  ['of false', json(false), /^the value must be/],
  ['that is a list', json([placed('order-1')]), /^the value must be/],
  ['that is text', json('order-1'), /^the value must be/],
  ['without fields', json({}), /orderId is missing.*items is missing/],
  ['of another status', json({ ...placed('o'), status: 'SHIPPED' }), /^status must be "PENDING"$/],
  ['with an order id that cannot be stored', json({ ...placed('o'), orderId: 'a\u0000b' }), /^orderId /],
  ['with an order id that no order has', json({ ...placed('o'), orderId: 'a b' }), /^orderId /],
  ['without an order id', json({ ...placed('o'), orderId: '' }), /^orderId /],
  ['without lines', json({ ...placed('o'), items: [] }), /^items /],
  [
    'with half a unit',
    json({ ...placed('o'), items: [{ itemId: 'i', quantity: 0.5 }] }),
    /items\[0\]\.quantity/,
  ],
  ['with a time that is none', json({ ...placed('o'), at: 'yesterday' }), /^at /],
  ['with countless bad lines', json(manyBadLines), /^items /],
])('a message %s is not understood, and says why', (_, raw, reason) => {
  expect(decodeEvent(position, raw, runtime)).toEqual({ reason: expect.stringMatching(reason) });
});

test('a message of a topic without events is not understood', () => {
  const decoded = decodeEvent({ ...position, topic: 'ORDER_LOST' }, received(), runtime);
  expect(decoded).toEqual({ reason: 'no event is known on the topic ORDER_LOST' });
});
