import { expect, test } from '@jest/globals';
import { createCommitWatch } from '../../src/consumer/commit-watch.ts';
import { STUCK_AFTER_MS } from '../../src/consumer/progress.ts';

const start = () => {
  let now = 1_000;
  const watch = createCommitWatch({ monotonic: () => now });
  return {
    watch,
    pass: (ms: number) => {
      now += ms;
    },
  };
};

const due = (offset: string) => [{ topic: 'ORDER_PLACED', partition: 0, offset }];
const ends = (from: bigint) => ({ 'ORDER_PLACED/0': { high: 99n, from } });

test('what is processed and has not been committed by the next look is to be committed', () => {
  const { watch, pass } = start();
  expect(watch.look(ends(3n), due('5'), false)).toEqual([]);
  pass(10_000);
  expect(watch.look(ends(3n), due('6'), false)).toEqual(due('6'));
  expect(watch.standsForMs()).toBe(10_000);
  pass(10_000);
  expect(watch.look(ends(6n), due('6'), false)).toEqual([]);
  expect(watch.standsForMs()).toBe(0);
});

test('a group whose commits do not move although there is more to commit is a problem, and is none once they move', () => {
  const { watch, pass } = start();
  watch.look(ends(3n), due('5'), false);
  pass(STUCK_AFTER_MS);
  watch.look(ends(3n), due('7'), false);
  expect(watch.problem()).toBeUndefined();
  pass(1);
  expect(watch.problem()).toBe('does not commit what it has processed');
  watch.look(ends(4n), due('7'), false);
  expect(watch.problem()).toBeUndefined();
});

test('messages that nobody holds any more are a problem, although nothing is due', () => {
  const { watch, pass } = start();
  watch.look(ends(3n), [], true);
  pass(STUCK_AFTER_MS + 1);
  expect(watch.problem()).toBe('does not commit what it has processed');
  watch.look(ends(3n), [], false);
  expect(watch.problem()).toBeUndefined();
});

test('when partitions are assigned anew, nothing is due, and a partition that has no end is passed over', () => {
  const { watch, pass } = start();
  watch.look(ends(3n), due('5'), true);
  pass(STUCK_AFTER_MS + 1);
  watch.clear();
  expect(watch.standsForMs()).toBe(0);
  expect(watch.look({}, due('5'), false)).toEqual([]);
});
