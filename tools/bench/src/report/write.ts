import { mkdir, writeFile } from 'node:fs/promises';
import { linePlotOf } from './line-plot.ts';
import { pageOf } from './markdown.ts';
import { plotOf } from './plot.ts';
import { rowOf, type Report } from './report.ts';

const FOLDER = new URL('../../../../docs/benchmarks/', import.meta.url);

/** Writes a report into docs/benchmarks, as a page, a picture and JSON. */
export const writeReport = async (report: Report): Promise<void> => {
  await mkdir(FOLDER, { recursive: true });
  const rows = report.figures.map((figure) => ({ ...rowOf(figure), rounds: figure }));
  const files = {
    [`${report.name}.md`]: pageOf(report, `${report.name}.svg`),
    [`${report.name}.svg`]: report.series ? linePlotOf(report.series) : plotOf(report),
    [`${report.name}.json`]: `${JSON.stringify({ ...report, figures: rows }, undefined, 2)}\n`,
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(new URL(name, FOLDER), text)));
};
