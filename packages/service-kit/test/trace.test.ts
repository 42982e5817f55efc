import { expect, test } from '@jest/globals';
import { continueTrace, readTraceparent, traceparent } from '../src/index.ts';

const runtime = { hex: (bytes: number) => 'c'.repeat(bytes * 2) };
const fresh = { traceId: 'c'.repeat(32), spanId: 'c'.repeat(16) };
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('a trace that is not sampled continues with a step of its own', () => {
  expect(continueTrace(`00-${traceId}-${spanId}-00`, runtime)).toEqual({ traceId, spanId: fresh.spanId });
});

test('what is recorded next in a sampled trace hangs on the step that the header names', () => {
  expect(continueTrace(`00-${traceId}-${spanId}-01`, runtime)).toEqual({ traceId, spanId, sampled: true });
});

test('a trace of a later version continues, whatever follows', () => {
  expect(continueTrace(`cc-${traceId}-${spanId}-01-more`, runtime).traceId).toBe(traceId);
});

test.each([
  ['00', undefined],
  ['01', true],
  ['02', undefined],
  ['03', true],
  ['ff', true],
])('of the flags %s only the lowest bit says whether a trace is sampled', (flags, sampled) => {
  expect(readTraceparent(`00-${traceId}-${spanId}-${flags}`)?.sampled).toBe(sampled);
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

test('the header names the trace and the step, and says whether it is recorded', () => {
  expect(traceparent({ traceId, spanId })).toBe(`00-${traceId}-${spanId}-00`);
  expect(traceparent({ traceId, spanId, sampled: true })).toBe(`00-${traceId}-${spanId}-01`);
});
