import { expect, test } from '@jest/globals';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { SpanRecord } from '@order-pipeline/service-kit';
import { readable } from '../../src/tracing/otlp-formats.ts';
import { createSpanEncoder, encodeRequest } from '../../src/tracing/otlp-protobuf.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

const SPAN: SpanRecord = {
  service: 'orders',
  traceId,
  spanId,
  parentId: undefined,
  name: 'place order',
  kind: 'INTERNAL',
  startMs: 1_795_910_400_123.25,
  endMs: 1_795_910_400_124,
  attributes: {},
  links: [],
  failed: false,
};

const SPANS: SpanRecord[] = [
  SPAN,
  { ...SPAN, parentId: 'ffffffffffffffff', failed: true },
  { ...SPAN, kind: 'SERVER', name: 'ü'.repeat(300) },
  { ...SPAN, kind: 'CLIENT', startMs: 0, endMs: 4_294_967_295_999.999 },
  { ...SPAN, kind: 'PRODUCER', links: Array.from({ length: 128 }, () => ({ traceId, spanId })) },
  {
    ...SPAN,
    kind: 'CONSUMER',
    attributes: {
      'order.id': 'Bestellung-€-😀',
      empty: '',
      long: 'x'.repeat(20_000),
      none: 0,
      count: 128,
      offset: 2 ** 40,
      most: Number.MAX_SAFE_INTEGER,
      negative: -1,
      share: 0.1,
    },
  },
];

test('spans in protobuf are those that OpenTelemetry writes, byte for byte', () => {
  const encode = createSpanEncoder();
  const orders = { 'service.name': 'orders', team: 'a' };
  const users = { 'service.name': 'users' };
  const [first = SPAN] = SPANS;
  const resource = resourceFromAttributes(orders);
  const expected = ProtobufTraceSerializer.serializeRequest([
    ...SPANS.map((span) => readable(span, resource)),
    readable(first, resourceFromAttributes(users)),
  ]);
  const written = encodeRequest(
    [
      { attributes: orders, spans: SPANS.map(encode) },
      { attributes: users, spans: [encode(first)] },
    ],
    'order-pipeline',
  );
  expect(Buffer.from(written).equals(expected ?? Buffer.alloc(0))).toBe(true);
});

const LENGTHS = Array.from({ length: 140 }, (_, length) => length);

test.each([
  ['texts of every length around a byte', LENGTHS.map((length) => 'x'.repeat(length))],
  ['texts that take more bytes than characters', LENGTHS.map((length) => `${'x'.repeat(length)}ü`)],
  ['keys of every length', LENGTHS],
  [
    'numbers around those of one byte and of two',
    [0, 1, 127, 128, 200, 16_383, 16_384, -1, 0.5, 2 ** 31, 2 ** 53 - 1],
  ],
])('attributes in protobuf are those that OpenTelemetry writes, byte for byte: %s', (_, values) => {
  const resource = resourceFromAttributes({});
  for (const [index, value] of values.entries()) {
    const span = { ...SPAN, attributes: { ['k'.repeat(index + 1)]: value, next: 'yes' } };
    const expected = ProtobufTraceSerializer.serializeRequest([readable(span, resource)]);
    const written = encodeRequest([{ attributes: {}, spans: [createSpanEncoder()(span)] }], 'order-pipeline');
    expect(Buffer.from(written).toString('hex')).toBe(Buffer.from(expected ?? []).toString('hex'));
  }
});

test('a span that is written later changes nothing of one that waits', () => {
  const encode = createSpanEncoder();
  const first = encode(SPAN);
  const before = Buffer.from(first).toString('hex');
  encode({ ...SPAN, name: 'another' });
  expect(Buffer.from(first).toString('hex')).toBe(before);
});
