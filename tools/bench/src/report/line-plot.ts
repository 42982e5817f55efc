import type { Series } from './report.ts';

const WIDTH = 720;
const HEIGHT = 300;
const LEFT = 60;
const RIGHT = 20;
const TOP = 34;
const BOTTOM = 40;
const LINES = 4;

/** 1, 2 or 5 times a power of ten, so that about `LINES` of them make `most`. */
const stepFor = (most: number): number => {
  const rough = most / LINES;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
};

/** What was sampled as a line over time, from zero up, as an SVG of its own. */
export const linePlotOf = ({ title, unit, everyS, values }: Series): string => {
  const step = stepFor(Math.max(1, ...values));
  const most = step * Math.ceil(Math.max(1, ...values) / step);
  const x = (index: number): number =>
    LEFT + (index / Math.max(1, values.length - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);
  const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  const grid = Array.from({ length: Math.round(most / step) + 1 }, (_, line) => line * step);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="18">${title}, ${unit}</text>`,
    ...grid.flatMap((value) => [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="#ddd"/>`,
      `<text x="${LEFT - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value}</text>`,
    ]),
    `<polyline points="${points.join(' ')}" fill="none" stroke="#2f7d5b" stroke-width="2"/>`,
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 14}" text-anchor="end">${(values.length - 1) * everyS} s</text>`,
    `<text x="${LEFT}" y="${HEIGHT - 14}">0 s</text>`,
    '</svg>',
    '',
  ].join('\n');
};
