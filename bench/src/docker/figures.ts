import type { Correctness } from '../correctness/correctness.ts';
import type { Walked } from '../orders/walk-from-waiting.ts';
import { rateOf } from '../orders/walk.ts';
import { WALK_OF_PGBENCH } from '../reference/compare-and-set.ts';
import type { Figure } from '../report/report.ts';
import type { StackRound } from './round.ts';

/** The figures of all rounds, with what went wrong in them. */
export const stackFigures = (
  rounds: readonly StackRound[],
  two: readonly Walked[],
  correctness: Correctness,
): Figure[] => {
  const of = (value: (round: StackRound) => number): number[] => rounds.map(value);
  const placed = of(({ walked: { placing } }) => placing.rate);
  const arrived = of(({ walked }) => rateOf(walked.walk));
  const figure = (
    name: string,
    ours: readonly number[],
    reference: NonNullable<Figure['reference']>,
    times: number,
  ): Figure => ({ name, unit: 'orders/s', ours, reference, target: { times }, correctness });
  return [
    figure('placement', placed, { name: 'pgbench', values: of((round) => round.pgbenchRate) }, 0.7),
    figure(
      'placement, beside the plain build',
      placed,
      { name: 'plain build', values: of(({ plain }) => plain.rate) },
      5,
    ),
    figure(
      'PENDING to DELIVERED',
      arrived,
      { name: WALK_OF_PGBENCH, values: of((round) => round.pgbenchWalkRate) },
      1,
    ),
    figure(
      'placement, two instances',
      two.map(({ placing }) => placing.rate),
      { name: 'one instance', values: placed },
      0.9,
    ),
    figure(
      'PENDING to DELIVERED, two instances',
      two.map(({ walk }) => rateOf(walk)),
      { name: 'one instance', values: arrived },
      0.9,
    ),
  ];
};
