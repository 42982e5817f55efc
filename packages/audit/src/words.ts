import type { AuditReport, Violation } from './report.ts';

/** A number with its thousands set apart. */
export const formatCount = (value: number): string => value.toLocaleString('en-US');

/** A number with what it counts: `1 order`, `2 orders`. */
export const countOf = (value: number, noun: string): string =>
  `${formatCount(value)} ${noun}${value === 1 ? '' : 's'}`;

/** How many violations there are, of all kinds. */
export const numberOf = (violations: readonly Violation[]): number =>
  violations.reduce((sum, { count }) => sum + count, 0);

/** What came of an audit, in a sentence. */
export const endLine = ({ checks }: AuditReport): string => {
  const wrong = checks.filter(({ violations }) => violations.length > 0);
  const left = checks.filter(({ notChecked }) => notChecked !== undefined).length;
  const rest = left > 0 ? `; ${formatCount(left)} could not be checked, or not in full` : '';
  if (wrong.length === 0) return `No violation was found${rest}.`;
  const violations = wrong.reduce((sum, check) => sum + numberOf(check.violations), 0);
  return `${countOf(violations, 'violation')} of ${countOf(wrong.length, 'invariant')}${rest}.`;
};
