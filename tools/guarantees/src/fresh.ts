import type { Figures } from '@order-pipeline/sim/figures.ts';

/** Seeds that nobody had run before. */
export interface FreshRun {
  /** ISO 8601. */
  readonly at: string;
  readonly from: number;
  readonly seeds: number;
  /** Those of them that broke a promise. */
  readonly broken: readonly number[];
}

export const freshRunOf = ({ from, seeds, failures }: Figures, at: string): FreshRun => ({
  at,
  from,
  seeds,
  broken: failures.map(({ seed }) => seed),
});

/** The runs with one more; a run of the same seeds is replaced, as they are fresh only once. */
export const withFreshRun = (runs: readonly FreshRun[], run: FreshRun): FreshRun[] => [
  ...runs.filter(({ from }) => from !== run.from),
  run,
];

/** What fresh seeds say: how many have held since the last one that broke a promise. */
interface FreshHeld {
  readonly held: number;
  /** The last seed that broke a promise, and when; none, if none ever did. */
  readonly last: { readonly seed: number; readonly at: string } | undefined;
}

export const freshHeld = (runs: readonly FreshRun[]): FreshHeld => {
  let held = 0;
  let last: FreshHeld['last'];
  for (const { at, from, seeds, broken } of runs) {
    const seed = broken.length === 0 ? undefined : Math.max(...broken);
    if (seed === undefined) held += seeds;
    else {
      held = from + seeds - 1 - seed;
      last = { seed, at };
    }
  }
  return { held, last };
};

/** The same in a sentence. */
export const freshSentence = (runs: readonly FreshRun[]): string => {
  const { held, last } = freshHeld(runs);
  const since = last
    ? `since seed ${last.seed} broke a promise (${last.at})`
    : 'and none has broken a promise';
  return `Fresh seeds, which nobody had run: ${held.toLocaleString('en-US')} in a row have held ${since}.`;
};
