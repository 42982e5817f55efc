import type { AuditReport, Check, Violation } from '@order-pipeline/audit';
import { countOf, endLine, formatCount, numberOf } from '@order-pipeline/audit/words.ts';

const NAME_WIDTH = 14;

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

/** A report in lines for a person. */
export const reportLines = (report: AuditReport): string[] => [
  ...report.checks.flatMap(checkLines),
  '',
  endLine(report),
];
