import { expect, test } from '@jest/globals';
import { createSeenEvents } from '../../src/kafka/seen-events.ts';

test('an event is distinguished from its repeat, and from one in another partition', () => {
  const seen = createSeenEvents();
  expect(seen.see('order-1', 0, 3)).toBe('first');
  expect(seen.see('order-1', 0, 3)).toBe('repeat');
  expect(seen.see('order-1', 0, 4)).toBe('elsewhere');
  expect(seen.see('order-1', 1, 4)).toBe('first');
  expect([0, 1, 2, 3].map((topic) => seen.knows('order-1', topic))).toEqual([true, true, false, false]);
});

test('an event that is excused is known, and was not seen', () => {
  const seen = createSeenEvents();
  seen.excuse('order-1', 2);
  expect(seen.knows('order-1', 2)).toBe(true);
  expect(seen.see('order-1', 2, 0)).toBe('first');
});

test('of a hundred thousand orders none is mixed up with another, in the memory of a few of them', () => {
  const seen = createSeenEvents();
  const ids = Array.from({ length: 100_000 }, (_, index) => `order-${index}`);
  const before = process.memoryUsage().arrayBuffers;
  ids.forEach((id, index) => seen.see(id, index % 4, index % 6));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  const wrong = ids.filter((id, index) =>
    [0, 1, 2, 3].some((topic) => seen.knows(id, topic) !== (topic === index % 4)),
  );
  expect(wrong).toEqual([]);
  expect(ids.every((id, index) => seen.see(id, index % 4, index % 6) === 'repeat')).toBe(true);
  expect(ids.some((id) => seen.knows(`${id}-other`, 0))).toBe(false);
});
