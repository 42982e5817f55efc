import type { AuditReport, Check, Violation } from '@order-pipeline/audit';
import { countOf, formatCount } from '@order-pipeline/audit/words.ts';

const NAME_WIDTH = 14;

const numberOf = (violations: readonly Violation[]): number =>
  violations.reduce((sum, { count }) => sum + count, 0);

const violationLines = ({ problem, count, examples }: Violation): string[] => [
  `      ${formatCount(count)} × ${problem}`,
  ...examples.map(({ id, detail }) => `          ${id}${detail === undefined ? '' : `  ${detail}`}`),
  ...(count > examples.length ? [`          and ${formatCount(count - examples.length)} more`] : []),
];

const headLine = ({ name, invariant, checked, unit, violations, notChecked }: Check): string => {
  const label = name.padEnd(NAME_WIDTH);
  if (violations.length > 0)
    return `  ✘ ${label} ${countOf(numberOf(violations), 'violation')} in ${formatCount(checked)} ${unit}`;
  if (notChecked !== undefined && unit === '') return `  – ${label} not checked: ${notChecked}`;
  return `  ✔ ${label} ${formatCount(checked)} ${unit}: ${invariant}`;
};

const checkLines = (check: Check): string[] => [
  headLine(check),
  ...check.violations.flatMap(violationLines),
  ...check.notes.map((note) => `      ${note}`),
  ...(check.notChecked !== undefined && check.unit !== '' ? [`      not checked: ${check.notChecked}`] : []),
];

const endLine = ({ checks }: AuditReport): string => {
  const wrong = checks.filter(({ violations }) => violations.length > 0);
  const left = checks.filter(({ notChecked }) => notChecked !== undefined).length;
  const rest = left > 0 ? `; ${formatCount(left)} could not be checked, or not in full` : '';
  if (wrong.length === 0) return `No violation was found${rest}.`;
  const violations = wrong.reduce((sum, check) => sum + numberOf(check.violations), 0);
  return `${countOf(violations, 'violation')} of ${countOf(wrong.length, 'invariant')}${rest}.`;
};

/** A report in lines for a person. */
export const reportLines = (report: AuditReport): string[] => [
  ...report.checks.flatMap(checkLines),
  '',
  endLine(report),
];
