import type { Placement } from './place.ts';
import type { Check } from './verify.ts';
import { countOf, formatCount } from '@order-pipeline/cli/kit';

/** What the report of a run is made of. */
export interface Result {
  readonly orderCount: number;
  readonly concurrency: number;
  readonly placement: Placement;
  /** How many requests the gateway answered with 'later'. */
  readonly postponedCount: number;
  /** Sorted. */
  readonly walkTimesMs: readonly number[];
  readonly checks: readonly Check[];
}

const MAX_PROBLEMS_SHOWN = 10;

/** The smallest of the sorted values that `percent` of them do not exceed (nearest rank). */
export const percentile = (sorted: readonly number[], percent: number): number =>
  sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;

export const secondsInWords = (ms: number): string =>
  ms < 10_000 ? `${(ms / 1_000).toFixed(2)} s` : `${(ms / 1_000).toFixed(1)} s`;

const placingLines = ({ orderCount, concurrency, placement }: Result): string[] => {
  const { earlierCount, cancelled, tooLateCount, refused, tookMs } = placement;
  const placed = orderCount - refused.size;
  const perSecond = Math.round(placed / (Math.max(1, tookMs) / 1_000));
  const how =
    earlierCount > 0
      ? `${formatCount(earlierCount)} of them in an earlier run`
      : `in ${secondsInWords(tookMs)}: ${formatCount(perSecond)} orders/s, ${concurrency} at a time`;
  return [
    `Placed     ${countOf(placed, 'order')}${earlierCount > 0 ? ',' : ''} ${how}`,
    ...(refused.size > 0 ? [`Refused    ${countOf(refused.size, 'order')}`] : []),
    `Cancelled  ${countOf(cancelled.size, 'order')}${tooLateCount > 0 ? `; for ${formatCount(tooLateCount)} more it was too late` : ''}`,
  ];
};

const walkLine = (sorted: readonly number[]): string =>
  sorted.length === 0
    ? 'Delivered  no orders'
    : `Delivered  ${countOf(sorted.length, 'order')}, from placed to delivered: p50 ${secondsInWords(percentile(sorted, 50))}, p99 ${secondsInWords(percentile(sorted, 99))}`;

const checkLines = ({ about, sentence, problems }: Check): string[] => {
  if (problems.length === 0) return [`  ✔ ${about.padEnd(10)} ${sentence}`];
  const more = problems.length - MAX_PROBLEMS_SHOWN;
  return [
    `  ✘ ${about.padEnd(10)} ${countOf(problems.length, 'problem')}`,
    ...problems.slice(0, MAX_PROBLEMS_SHOWN).map((problem) => `      ${problem}`),
    ...(more > 0 ? [`      and ${formatCount(more)} more`] : []),
  ];
};

export const isFine = ({ checks }: Pick<Result, 'checks'>): boolean =>
  checks.every(({ problems }) => problems.length === 0);

/** The end of a run, in lines for a person. */
export const reportLines = (result: Result): string[] => [
  '',
  ...placingLines(result),
  walkLine(result.walkTimesMs),
  ...(result.postponedCount > 0
    ? [`Waited     ${countOf(result.postponedCount, 'time')}, as the gateway asked for it (429 or 503)`]
    : []),
  '',
  'Checked against the file:',
  ...result.checks.flatMap(checkLines),
];
