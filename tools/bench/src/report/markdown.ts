import { CORRECTNESS_COLUMNS, type Correctness } from '../correctness/correctness.ts';
import { readable, rowOf, type Report, type Row } from './report.ts';

const HEADINGS = ['benchmark', 'result', 'baseline', 'ratio', 'target'];
const CORRECTNESS = Object.entries(CORRECTNESS_COLUMNS) as [keyof Correctness, string][];

const ratioCell = ({ ratio, range }: Row): string => {
  if (ratio === undefined) return '';
  return `${readable(ratio)} ×${range ? ` (${range.map(readable).join('–')})` : ''}`;
};

const cellsOf = (row: Row, withCorrectness: boolean): string[] => [
  row.name,
  `${readable(row.result)} ${row.unit}`,
  row.baseline ? `${readable(row.baseline.value)} ${row.unit} (${row.baseline.name})` : '',
  ratioCell(row),
  row.target,
  ...(withCorrectness
    ? CORRECTNESS.map(([name]) => (row.correctness ? readable(row.correctness[name]) : ''))
    : []),
  row.met ? 'yes' : '**no**',
];

/** Columns of one width, as prettier would lay them out. */
const layOut = (rows: readonly (readonly string[])[]): string[] => {
  const [headings = [], ...body] = rows;
  const widths = headings.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)];
};

/** The figures as a table of Markdown, which reads well in a terminal too. */
export const tableOf = (report: Report): string => {
  const rows = report.figures.map(rowOf);
  const withCorrectness = rows.some(({ correctness }) => correctness !== undefined);
  const headings = [...HEADINGS, ...(withCorrectness ? CORRECTNESS.map(([, words]) => words) : []), 'met'];
  return layOut([headings, ...rows.map((row) => cellsOf(row, withCorrectness))]).join('\n');
};

const listOf = (heading: string, entries: Readonly<Record<string, string>> | undefined): string[] =>
  entries ? ['', heading, '', ...Object.entries(entries).map(([what, value]) => `- ${what}: ${value}`)] : [];

const methodOf = ({ method, figures }: Report): string =>
  method ??
  `Medians of ${figures[0]?.result.length ?? 0} rounds, in turns within one run; a ratio is the median of the rounds' ratios.`;

/** The page of a benchmark. `plot` is the file of its picture, beside the page. */
export const pageOf = (report: Report, plot: string): string =>
  [
    `# Benchmark: ${report.name}`,
    '',
    `Written by \`${report.command}\` at ${report.at}. ${methodOf(report)}`,
    '',
    tableOf(report),
    '',
    `![${report.series?.title ?? 'Ratios and their targets'}](${plot})`,
    '',
    ...report.about.map((sentence) => `- ${sentence}`),
    ...listOf('Settings:', report.settings),
    ...listOf('Measured on:', report.machine),
    '',
  ].join('\n');
