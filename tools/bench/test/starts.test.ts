import { expect, test } from '@jest/globals';
import { FLAWLESS } from '../src/correctness/correctness.ts';
import { figureOfStarts } from '../src/orders/sides.ts';
import { measureStarts, type Contender } from '../src/orders/starts.ts';
import { times } from '@order-pipeline/testing';
import { tableOf } from '../src/report/markdown.ts';

const SIZES = { starts: 4, rounds: 3, warmUps: 2 };

interface Opened {
  readonly name: string;
  readonly start: number;
  turns: number;
}

/** Contenders that write down what is done with them; `measure` says what a turn brings. */
const contend = (names: readonly string[], measure: (opened: Opened) => number) => {
  const done: string[] = [];
  const contenders = names.map((name): Contender<Opened, { readonly value: number }> => {
    let start = 0;
    return {
      open: async () => {
        done.push(`open ${name}`);
        start += 1;
        return { name, start, turns: 0 };
      },
      turn: async (opened) => {
        opened.turns += 1;
        done.push(`turn ${name}`);
        return { value: measure(opened) };
      },
      close: async ({ turns }) => void done.push(`close ${name} after ${turns}`),
    };
  });
  return { contenders, done };
};

const count = (done: readonly string[], what: string): number => done.filter((one) => one === what).length;

test('every contender is started anew each time, and has as many turns as the others', async () => {
  const { contenders, done } = contend(['a', 'b', 'c'], () => 1);
  await measureStarts(contenders, SIZES);
  for (const name of ['a', 'b', 'c']) {
    expect(count(done, `open ${name}`)).toBe(4);
    expect(count(done, `turn ${name}`)).toBe(4 * 5);
    expect(count(done, `close ${name} after 5`)).toBe(4);
  }
});

test('none is always the first to be started, and none always follows the same one', async () => {
  const { contenders, done } = contend(['a', 'b'], () => 1);
  await measureStarts(contenders, SIZES);
  const started = done.filter((one) => one.startsWith('open'));
  expect(new Set([0, 2, 4, 6].map((at) => started[at]))).toEqual(new Set(['open a', 'open b']));
  const turns = done.filter((one) => one.startsWith('turn'));
  const firsts = Array.from({ length: turns.length / 2 }, (_, round) => turns[round * 2]);
  expect(count(firsts as string[], 'turn a')).toBe(firsts.length / 2);
});

test('a start has the turns of its rounds, without those that warm up', async () => {
  // The first two turns of a start warm up.
  const values = [1_000, 1_000, 9, 1, 5];
  const { contenders } = contend(['a', 'b'], ({ name, start, turns }) =>
    name === 'a' ? (values[turns - 1] ?? Number.NaN) * start : 1,
  );
  expect(await measureStarts(contenders, SIZES)).toEqual([
    [1, 2, 3, 4].map((start) => [9, 1, 5].map((value) => ({ value: value * start }))),
    times(4, () => [1, 1, 1].map((value) => ({ value }))),
  ]);
});

test('the row of several starts has the median of the ratios of all rounds, and how far apart the starts are', () => {
  const placed = (services: readonly (readonly number[])[]) => ({
    turns: services.map((start) => start.map((value) => ({ rate: 1, services: value, postgres: 1 }))),
    correctness: FLAWLESS,
  });
  const row = { name: 'work', unit: 'µs', target: { timesAtMost: 1.03 } } as const;
  // In one round of the second start the machine did something else for both.
  const here = placed([
    [90, 100, 110],
    [1_060, 102, 120],
  ]);
  const before = placed([
    [100, 100, 100],
    [1_000, 100, 100],
  ]);
  const figure = figureOfStarts(row, 'services', here, { ...before, name: 'before' });
  const report = { name: '', command: '', about: [], at: '', machine: {}, figures: [figure] };
  expect(tableOf(report)).toContain('| 1.04 × (1–1.06) | ≤ 1.03 × |');
});
