import { readable, rowOf, type Report, type Row } from './report.ts';

const cellsOf = (row: Row): string[] => [
  row.name,
  `${readable(row.ours)} ${row.unit}`,
  row.reference ? `${readable(row.reference.value)} ${row.unit} (${row.reference.name})` : '',
  row.ratio === undefined ? '' : `${readable(row.ratio)} ×`,
  row.target,
  row.met ? 'yes' : '**no**',
];

const HEADINGS = ['measured', 'ours', 'beside it', 'ratio', 'wanted', 'met'];

/** Columns of one width, as prettier would lay them out. */
const layOut = (rows: readonly (readonly string[])[]): string[] => {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [headings = [], ...body] = rows;
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)];
};

/** The figures as a table of Markdown, which reads well in a terminal too. */
export const tableOf = (report: Report): string =>
  layOut([HEADINGS, ...report.figures.map((figure) => cellsOf(rowOf(figure)))]).join('\n');

/** The page of a benchmark. `plot` is the file of its picture, beside the page. */
export const pageOf = (report: Report, plot: string): string =>
  [
    `# Benchmark: ${report.name}`,
    '',
    `Written by \`pnpm bench ${report.name}\` at ${report.at}. Medians of ${report.figures[0]?.ours.length ?? 0} rounds, in turns within one run; a ratio is the median of the rounds' ratios.`,
    '',
    tableOf(report),
    '',
    `![Ratios and what is wanted of them](${plot})`,
    '',
    ...report.about.map((sentence) => `- ${sentence}`),
    '',
    'Measured on:',
    '',
    ...Object.entries(report.machine).map(([what, value]) => `- ${what}: ${value}`),
    '',
  ].join('\n');
