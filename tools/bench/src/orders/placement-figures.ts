import type { Correctness } from '../correctness/correctness.ts';
import type { Figure } from '../report/report.ts';
import type { PlacementRound } from './placement-round.ts';

/** The figures of all rounds, with what went wrong in them. */
export const placementFigures = (
  rounds: readonly PlacementRound[],
  { spread, hot }: { readonly spread: Correctness; readonly hot: Correctness },
): Figure[] => {
  const of = (value: (round: PlacementRound) => number): number[] => rounds.map(value);
  const rates = of((round) => round.spread.rate);
  return [
    {
      name: 'placement',
      unit: 'orders/s',
      result: rates,
      baseline: { name: 'pgbench', values: of((round) => round.pgbenchRate) },
      target: { times: 2 },
      correctness: spread,
    },
    {
      name: 'placement, beside the plain build',
      unit: 'orders/s',
      result: rates,
      baseline: { name: 'plain build', values: of((round) => round.plain.rate) },
      target: { times: 5 },
      correctness: spread,
    },
    {
      name: 'placement, p99',
      unit: 'ms',
      result: of((round) => round.spread.p99Ms),
      target: { below: 100 },
      correctness: spread,
    },
    {
      name: 'placement at a tenth of the rate, p99',
      unit: 'ms',
      result: of((round) => round.tenth.p99Ms),
      target: { below: 15 },
      correctness: spread,
    },
    {
      name: 'placement, all of one item',
      unit: 'orders/s',
      result: of((round) => round.hot.rate),
      baseline: { name: 'spread over 1,000', values: rates },
      target: { times: 0.5 },
      correctness: hot,
    },
  ];
};
