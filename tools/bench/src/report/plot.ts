import { readable, rowOf, type Report, type Row } from './report.ts';

const WIDTH = 720;
const LEFT = 250;
const RIGHT = 60;
const LINE = 34;
const BAR = 16;
const TOP = 34;
/** How wide the words beside a bar are. */
const WORDS = 60;

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

interface Bar {
  readonly row: Row;
  readonly ratio: number;
  readonly target: number;
}

/** Ratios from a little below the smallest to the largest, on a logarithmic scale. */
const scaleFor = (bars: readonly Bar[]): ((ratio: number) => number) => {
  const all = bars.flatMap(({ ratio, target }) => [ratio, target]);
  const least = Math.log(Math.min(0.5, ...all) * 0.8);
  const most = Math.log(Math.max(2, ...all));
  return (ratio) => LEFT + ((Math.log(ratio) - least) / (most - least)) * (WIDTH - LEFT - RIGHT);
};

/** Where the words beside a bar begin: behind its mark, where that would run through them. */
const besideOf = (end: number, mark: number): number => (mark > end && mark < end + WORDS ? mark : end) + 6;

const drawBar = ({ row, ratio, target }: Bar, index: number, x: (ratio: number) => number): string[] => {
  const y = TOP + index * LINE;
  const end = x(ratio);
  return [
    `<text x="${LEFT - 10}" y="${y + BAR - 3}" text-anchor="end">${escape(row.name)}</text>`,
    `<rect x="${LEFT}" y="${y}" width="${(end - LEFT).toFixed(1)}" height="${BAR}" fill="${row.met ? '#2f7d5b' : '#b3442e'}"/>`,
    `<line x1="${x(target).toFixed(1)}" x2="${x(target).toFixed(1)}" y1="${y - 4}" y2="${y + BAR + 4}" stroke="#222" stroke-width="2"/>`,
    `<text x="${besideOf(end, x(target)).toFixed(1)}" y="${y + BAR - 3}">${readable(ratio)} ×</text>`,
  ];
};

/** The ratios as bars, each with a mark at its target, as an SVG of its own. */
export const plotOf = (report: Report): string => {
  const bars = report.figures.flatMap((figure): Bar[] => {
    const row = rowOf(figure);
    const { target } = figure;
    if (row.ratio === undefined || 'below' in target || 'reported' in target) return [];
    return [{ row, ratio: row.ratio, target: 'times' in target ? target.times : target.timesAtMost }];
  });
  const height = TOP + bars.length * LINE + 10;
  const x = scaleFor(bars);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${LEFT}" y="18">times the baseline (logarithmic), the mark is the target</text>`,
    ...bars.flatMap((bar, index) => drawBar(bar, index, x)),
    '</svg>',
    '',
  ].join('\n');
};
