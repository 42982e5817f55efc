import type { Correctness } from '../correctness/correctness.ts';
import { rateOf } from '../orders/walk.ts';
import { WALK_OF_PGBENCH } from '../reference/compare-and-set.ts';
import type { Figure } from '../report/report.ts';
import { median } from '../rounds.ts';
import type { StackRound, StackWalk } from './round.ts';

interface Rates {
  readonly result: readonly number[];
  readonly pgbench: readonly number[];
}

/**
 * What one instance makes, round by round, on the machine as pgbench found it in the rounds of two: those come later, and
 * the machine may have become faster or slower since.
 */
const asFastAsNow = (one: Rates, two: Rates): number[] => {
  const timesPgbench = median(one.result.map((rate, round) => rate / (one.pgbench[round] ?? Number.NaN)));
  return two.pgbench.map((rate) => rate * timesPgbench);
};

const placingRates = (walks: readonly StackWalk[]): Rates => ({
  result: walks.map(({ walked }) => walked.placing.rate),
  pgbench: walks.map(({ pgbenchRate }) => pgbenchRate),
});

const walkingRates = (walks: readonly StackWalk[]): Rates => ({
  result: walks.map(({ walked }) => rateOf(walked.walk)),
  pgbench: walks.map(({ pgbenchWalkRate }) => pgbenchWalkRate),
});

/** The figures of all rounds, with what went wrong in them. */
export const stackFigures = (
  one: readonly StackRound[],
  two: readonly StackWalk[],
  correctness: Correctness,
): Figure[] => {
  const figure = (
    name: string,
    result: readonly number[],
    baseline: NonNullable<Figure['baseline']>,
    times: number,
  ): Figure => ({ name, unit: 'orders/s', result, baseline, target: { times }, correctness });
  const [placed, walked] = [placingRates(one), walkingRates(one)];
  const [placedByTwo, walkedByTwo] = [placingRates(two), walkingRates(two)];
  const plain = one.map((round) => round.plain.rate);
  return [
    figure('placement', placed.result, { name: 'pgbench', values: placed.pgbench }, 0.7),
    figure('placement, beside the plain build', placed.result, { name: 'plain build', values: plain }, 5),
    figure('PENDING to DELIVERED', walked.result, { name: WALK_OF_PGBENCH, values: walked.pgbench }, 1),
    figure(
      'placement, two instances',
      placedByTwo.result,
      { name: 'one instance', values: asFastAsNow(placed, placedByTwo) },
      0.9,
    ),
    figure(
      'PENDING to DELIVERED, two instances',
      walkedByTwo.result,
      { name: 'one instance', values: asFastAsNow(walked, walkedByTwo) },
      0.9,
    ),
  ];
};
