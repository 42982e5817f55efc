import { expect, test } from '@jest/globals';
import { LABEL_KINDS, METRICS, type MetricDefinition } from '../src/index.ts';

const DEFINITIONS = Object.entries<MetricDefinition>(METRICS);

test.each(DEFINITIONS)('the name of %s follows the conventions of Prometheus', (name, { type, unit }) => {
  expect(name).toMatch(/^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/);
  expect(name.endsWith('_total')).toBe(type === 'counter');
  expect(name.endsWith('_seconds')).toBe(unit === 'seconds');
  expect(/_bytes(?:_total)?$/.test(name)).toBe(unit === 'bytes');
  // Those belong to the series that a histogram makes itself.
  expect(name).not.toMatch(/_(?:count|sum|bucket)$/);
});

test.each(DEFINITIONS)('the help of %s is one sentence', (_, { help }) => {
  expect(help).toMatch(/^[A-Z0-9][^\n|]*\.$/);
});

test.each(DEFINITIONS)(
  '%s has buckets if it is a histogram, in rising order',
  (_, { type, buckets = [] }) => {
    expect(buckets.length > 0).toBe(type === 'histogram');
    expect(buckets.toSorted((a, b) => a - b)).toEqual(buckets);
  },
);

test('every kind of label is used', () => {
  const used = new Set(DEFINITIONS.flatMap(([, { labels }]) => Object.values(labels)));
  expect([...used].toSorted()).toEqual(Object.keys(LABEL_KINDS).toSorted());
});
