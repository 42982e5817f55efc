import { expect, test } from '@jest/globals';
import { continueTrace, traceparent } from '../src/index.ts';

const runtime = { hex: (bytes: number) => 'c'.repeat(bytes * 2) };
const fresh = { traceId: 'c'.repeat(32), spanId: 'c'.repeat(16) };
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('a trace goes on with a step of its own', () => {
  expect(continueTrace(`00-${traceId}-${spanId}-01`, runtime)).toEqual({ traceId, spanId: fresh.spanId });
});

test('a trace of a later version goes on, whatever follows', () => {
  expect(continueTrace(`cc-${traceId}-${spanId}-01-more`, runtime).traceId).toBe(traceId);
});

test.each([
  undefined,
  '',
  ['00-x'],
  `00-${traceId}-${spanId}`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `ff-${traceId}-${spanId}-01`,
  `00-${traceId}-${spanId}-01-more`,
])('where there is none, or a malformed one, a new trace begins: %j', (header) => {
  expect(continueTrace(header, runtime)).toEqual(fresh);
});

test('the header names the trace and the step', () => {
  expect(traceparent({ traceId, spanId })).toBe(`00-${traceId}-${spanId}-01`);
});
