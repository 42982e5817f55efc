import { isFlawless, type Correctness } from '../correctness/correctness.ts';
import { median } from '../rounds.ts';

/**
 * What must come out: at least so many times the baseline, at most so many times the baseline, or less than so much; or
 * nothing in particular, where it only informs.
 */
export type Target =
  | { readonly times: number }
  | { readonly timesAtMost: number }
  | { readonly below: number }
  | { readonly reported: true };

/** What was measured of one thing. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** Round by round. */
  readonly result: readonly number[];
  /** What it is held against, measured in the same rounds. */
  readonly baseline?: { readonly name: string; readonly values: readonly number[] };
  readonly target: Target;
  /** How many rounds in a row have a median of their own, where the table says how far apart those are. */
  readonly rangeOver?: number;
  /** What went wrong meanwhile, where that was looked at. */
  readonly correctness?: Correctness;
}

/** Something that was sampled while it went on. */
export interface Series {
  readonly title: string;
  readonly unit: string;
  /** The time from one value to the next, in seconds. */
  readonly everyS: number;
  readonly values: readonly number[];
}

/** What one run of a benchmark found, and where. */
export interface Report {
  readonly name: string;
  /** How it is run again. */
  readonly command: string;
  /** How the figures came about, where it was not in rounds. */
  readonly method?: string;
  /** What was done, in sentences. */
  readonly about: readonly string[];
  readonly at: string;
  readonly machine: Readonly<Record<string, string>>;
  /** What was set, where `about` does not say it. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
  /** Drawn in the place of the ratios. */
  readonly series?: Series;
}

/** A figure as people read it. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly result: number;
  readonly baseline: { readonly name: string; readonly value: number } | undefined;
  /** The median of the ratios of each round. */
  readonly ratio: number | undefined;
  /** The least and the greatest median of the ratios of `rangeOver` rounds. */
  readonly range: readonly [number, number] | undefined;
  readonly target: string;
  readonly correctness: Correctness | undefined;
  readonly met: boolean;
}

const ratiosOf = ({ result, baseline }: Figure): number[] | undefined =>
  baseline && result.map((value, round) => value / (baseline.values[round] ?? Number.NaN));

const formatCount = (target: Target, unit: string): string => {
  if ('times' in target) return `≥ ${target.times} ×`;
  if ('timesAtMost' in target) return `≤ ${target.timesAtMost} ×`;
  return 'below' in target ? `< ${target.below} ${unit}` : 'reported';
};

const isReached = (target: Target, result: number, ratio = Number.NaN): boolean => {
  if ('times' in target) return ratio >= target.times;
  if ('timesAtMost' in target) return ratio <= target.timesAtMost;
  return 'reported' in target || result < target.below;
};

const rangeOf = (ratios: readonly number[], over: number): [number, number] => {
  const medians = Array.from({ length: Math.ceil(ratios.length / over) }, (_, at) =>
    median(ratios.slice(at * over, (at + 1) * over)),
  );
  return [Math.min(...medians), Math.max(...medians)];
};

export const rowOf = (figure: Figure): Row => {
  const { name, unit, target, baseline, correctness } = figure;
  const result = median(figure.result);
  const ratios = ratiosOf(figure);
  const ratio = ratios && median(ratios);
  return {
    name,
    unit,
    result,
    baseline: baseline && { name: baseline.name, value: median(baseline.values) },
    ratio,
    range: ratios && figure.rangeOver ? rangeOf(ratios, figure.rangeOver) : undefined,
    target: formatCount(target, unit),
    correctness,
    met: isReached(target, result, ratio) && (correctness === undefined || isFlawless(correctness)),
  };
};

/** A number as people read it: whole where it is large, with a decimal where it is small. */
export const readable = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 });
