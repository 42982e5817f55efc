import { expect, test } from '@jest/globals';
import { FLAWLESS } from '../src/correctness/correctness.ts';
import { figureOfStarts } from '../src/orders/sides.ts';
import { measureStarts, type Contender } from '../src/orders/starts.ts';
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

test('the value of a start is the median of its rounds, without those that warm up', async () => {
  // The first two turns of a start warm up.
  const values = [1_000, 1_000, 9, 1, 5];
  const { contenders } = contend(['a', 'b'], ({ name, start, turns }) =>
    name === 'a' ? (values[turns - 1] ?? Number.NaN) * start : 1,
  );
  expect(await measureStarts(contenders, SIZES)).toEqual([
    [5, 10, 15, 20].map((value) => ({ value })),
    [1, 1, 1, 1].map((value) => ({ value })),
  ]);
});

test('the row of several starts has the median of their ratios, and how far apart they are', () => {
  const placed = (services: readonly number[]) => ({
    turns: services.map((value) => ({ rate: 1, services: value, postgres: 1 })),
    correctness: FLAWLESS,
  });
  const row = { name: 'work', unit: 'µs', target: { timesAtMost: 1.03 } } as const;
  const here = placed([90, 110, 220, 102]);
  const figure = figureOfStarts(row, 'services', here, { ...placed([100, 100, 200, 100]), name: 'before' });
  const report = { name: '', command: '', about: [], at: '', machine: {}, figures: [figure] };
  expect(tableOf(report)).toContain('| 1.06 × (0.9–1.1) | ≤ 1.03 × |');
});
