import { expect, test } from '@jest/globals';
import { createStreams } from '../../src/world/streams.ts';

const drawn = (seed: number, name: string): number[] => {
  const stream = createStreams(seed)(name);
  return [stream.next(), stream.next(), stream.next()];
};

test('a seed draws the same chances again, other seeds and other names draw others', () => {
  expect(drawn(1, 'a')).toEqual(drawn(1, 'a'));
  expect(drawn(1, 'a')).not.toEqual(drawn(2, 'a'));
  expect(drawn(1, 'a')).not.toEqual(drawn(1, 'b'));
});

test('what one stream draws shifts nothing in another', () => {
  const streams = createStreams(7);
  streams('a').next();
  streams('a').next();
  expect(streams('b').next()).toBe(drawn(7, 'b')[0]);
});

test('whole numbers come from the whole of their range, both ends included', () => {
  const stream = createStreams(1)('numbers');
  const numbers = new Set(Array.from({ length: 200 }, () => stream.integer(3, 6)));
  expect(numbers).toEqual(new Set([3, 4, 5, 6]));
});
