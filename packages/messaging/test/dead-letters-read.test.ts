import { expect, test } from '@jest/globals';
import { readDeadLetter, type RawMessage } from '../src/index.ts';

const PLACE = { topic: 'ORDER_SHIPPED.DLQ', partition: 2, offset: '900' };

const HEADERS = {
  'dlq.topic': 'ORDER_SHIPPED',
  'dlq.partition': '4',
  'dlq.offset': '17',
  'dlq.group': 'delivery',
  'dlq.reason': 'broken',
  'dlq.tries': '5',
  'dlq.at': '2026-01-01T00:00:00.000Z',
};

const raw = (headers: Record<string, string> = {}, key: string | null = 'order-1'): RawMessage => ({
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from('x'),
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)])),
  timestamp: '1700000000000',
});

const idWith = (changed: Record<string, string>, place = PLACE) =>
  readDeadLetter(place, raw({ ...HEADERS, ...changed })).id;

test('a dead letter says where it came from, which group failed to process it, when and why', () => {
  expect(readDeadLetter(PLACE, raw(HEADERS))).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    topic: 'ORDER_SHIPPED',
    partition: 4,
    offset: '17',
    group: 'delivery',
    reason: 'broken',
    tries: 5,
    redrives: 0,
    previousId: undefined,
    orderId: 'order-1',
    failedAt: Date.UTC(2026, 0, 1),
  });
});

test('the same letter has the same id wherever it lies; another group, place or time makes another one', () => {
  const id = idWith({});
  expect(idWith({ 'dlq.reason': 'other' }, { ...PLACE, partition: 0, offset: '901' })).toBe(id);
  const others = [
    idWith({ 'dlq.group': 'inventory' }),
    idWith({ 'dlq.partition': '5' }),
    idWith({ 'dlq.offset': '18' }),
    idWith({ 'dlq.at': '2026-01-01T00:00:00.001Z' }),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
});

test('a redriven one says how often, and which dead letter it was', () => {
  const headers = { ...HEADERS, 'dlq.redrives': '2', 'dlq.letter': 'a'.repeat(24) };
  expect(readDeadLetter(PLACE, raw(headers))).toMatchObject({ redrives: 2, previousId: 'a'.repeat(24) });
});

test('a message that was put there by hand stands for itself', () => {
  const odd = {
    'dlq.partition': '-1',
    'dlq.offset': '1e9',
    'dlq.tries': 'many',
    'dlq.redrives': '-3',
    'dlq.at': 'yesterday',
    'dlq.letter': '; DROP',
  };
  const expected = {
    topic: 'ORDER_SHIPPED',
    partition: 2,
    offset: '900',
    group: 'unknown',
    tries: 0,
    redrives: 0,
    previousId: undefined,
    failedAt: 1_700_000_000_000,
  };
  expect(readDeadLetter(PLACE, raw(odd))).toMatchObject(expected);
  expect(readDeadLetter(PLACE, raw({}))).toMatchObject(expected);
  expect(readDeadLetter(PLACE, raw({})).id).not.toBe(readDeadLetter({ ...PLACE, offset: '901' }, raw({})).id);
});

test.each([
  ['order-1', 'order-1'],
  ['', undefined],
  ['not an id', undefined],
  ['x'.repeat(129), undefined],
  [null, undefined],
])('a letter with the key %j is about the order %j', (key, orderId) => {
  expect(readDeadLetter(PLACE, raw(HEADERS, key)).orderId).toBe(orderId);
});
