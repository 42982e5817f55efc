import type { Figures } from './figures.ts';
import type { SimOptions } from './options.ts';
import type { SeedResult } from './run-seed.ts';

const MAX_DETAIL_LENGTH = 600;

const instancesOption = ({ instances }: Pick<SimOptions, 'instances'>): string =>
  instances === undefined ? '' : ` --instances ${instances}`;

/** A seed in which a promise was not kept, with what to look at and how to see it again. */
export const failureLines = (
  { seed, findings }: Pick<SeedResult, 'seed' | 'findings'>,
  options: Pick<SimOptions, 'instances'> = {},
): string[] => [
  `Seed ${seed}:`,
  ...findings.flatMap(({ promise, ids, detail }) => [
    `  not kept: ${promise} [${ids.filter((id) => id !== '').join(', ')}]`,
    `    ${detail.slice(0, MAX_DETAIL_LENGTH).replaceAll('\n', '\n    ')}`,
  ]),
  `  to see it again: npx -y pnpm sim --seed ${seed}${instancesOption(options)} --trace`,
];

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const countLines = (counts: Readonly<Record<string, number>>): string[] =>
  Object.entries(counts).map(([name, count]) => `  ${String(count).padStart(7)}  ${name}`);

/** Which seeds run, and how to run the same ones again. */
export const seedsLine = (options: Pick<SimOptions, 'from' | 'count' | 'instances'>): string => {
  const { from, count } = options;
  return `Seeds ${from} to ${from + count - 1}: npx -y pnpm sim --from ${from} --seeds ${count}${instancesOption(options)}`;
};

/** The whole run in a screenful. */
export const summaryLines = (figures: Figures): string[] => {
  const { seeds, failures, virtualMs, realMs, faults, crashPoints, orders } = figures;
  const hours = (virtualMs / 3_600_000).toFixed(1);
  return [
    `${total(faults)} faults:`,
    ...countLines(faults),
    'Crash points (died / came there):',
    ...crashPoints.map(
      ({ point, service, crashed, reached }) =>
        `  ${String(crashed).padStart(5)} / ${String(reached).padEnd(6)} ${point} (${service})`,
    ),
    `Orders: ${Object.entries(orders)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')}`,
    `${seeds} seeds, ${hours} hours of simulated time in ${Math.round(realMs / 1_000)} s: ${
      failures.length === 0
        ? 'every promise was kept'
        : `promises were broken in ${failures.length} (seeds ${failures.map(({ seed }) => seed).join(', ')})`
    }`,
  ];
};
