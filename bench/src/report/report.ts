import { median } from '../rounds.ts';

/** What was measured of one thing. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** Ours, round by round. */
  readonly ours: readonly number[];
  /** What it is held against, measured in the same rounds. */
  readonly reference?: { readonly name: string; readonly values: readonly number[] };
  /** What must come out: so many times the reference, or at most so much. */
  readonly target: { readonly times: number } | { readonly below: number };
}

/** What one run of a benchmark found, and where. */
export interface Report {
  readonly name: string;
  /** What was done, in sentences. */
  readonly about: readonly string[];
  readonly at: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
}

/** A figure as people read it. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly reference: { readonly name: string; readonly value: number } | undefined;
  /** The median of the ratios of each round. */
  readonly ratio: number | undefined;
  readonly target: string;
  readonly met: boolean;
}

const ratioOf = ({ ours, reference }: Figure): number | undefined =>
  reference && median(ours.map((value, round) => value / (reference.values[round] ?? Number.NaN)));

export const rowOf = (figure: Figure): Row => {
  const { name, unit, target, reference } = figure;
  const ours = median(figure.ours);
  const ratio = ratioOf(figure);
  return {
    name,
    unit,
    ours,
    reference: reference && { name: reference.name, value: median(reference.values) },
    ratio,
    target: 'times' in target ? `≥ ${target.times} ×` : `< ${target.below} ${unit}`,
    met: 'times' in target ? (ratio ?? 0) >= target.times : ours < target.below,
  };
};

/** A number as people read it: whole where it is large, with a decimal where it is small. */
export const readable = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 });
