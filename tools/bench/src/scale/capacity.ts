/** What an order costs, as `npx -y pnpm bench cost` has measured it. */
export interface OrderCost {
  /** Bytes of PostgreSQL's log. */
  readonly wal: number;
  /** Bytes of tables and indexes, for as long as the order is kept. */
  readonly stored: number;
  readonly transactions: number;
  readonly messages: number;
  /** Processor time in microseconds: of all services with their share of the broker's client, and of PostgreSQL. */
  readonly services: number;
  readonly postgres: number;
}

/** The names of the figures in docs/benchmarks/cost.json. */
const NAMES: Readonly<Record<keyof OrderCost, string>> = {
  wal: 'WAL an order',
  stored: 'tables and indexes an order',
  transactions: 'transactions an order',
  messages: 'messages an order',
  services: 'processor time an order, services',
  postgres: 'processor time an order, PostgreSQL',
};

interface CostReport {
  readonly at: string;
  readonly figures: readonly { readonly name: string; readonly result: number }[];
}

/** @throws Error where a figure is missing */
export const costIn = ({ figures }: CostReport): OrderCost =>
  Object.fromEntries(
    Object.entries(NAMES).map(([key, name]) => {
      const found = figures.find((figure) => figure.name === name);
      if (!found) throw new Error(`docs/benchmarks/cost.json has no ${name}: run npx -y pnpm bench cost`);
      return [key, found.result];
    }),
  ) as unknown as OrderCost;

/** Orders a second. */
const RATES = [1_000, 10_000, 50_000];
/** How busy a processor is planned to be. */
const BUSY = 0.6;
const US_PER_S = 1_000_000;
const S_PER_DAY = 86_400;
/** Copies of each message. */
const REPLICAS = 3;
const PREFIXES = ['', 'k', 'M', 'G', 'T'];

const rounded = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value >= 10 ? 0 : 1 });

const bytes = (value: number): string => {
  const power = Math.min(PREFIXES.length - 1, Math.max(0, Math.floor(Math.log10(value) / 3)));
  return `${rounded(value / 1_000 ** power)} ${PREFIXES[power]}B`;
};

type Formula = (cost: OrderCost, rate: number) => string;

const cores = (us: number, rate: number): string => rounded(Math.max(1, (us * rate) / US_PER_S / BUSY));

const ROWS: readonly (readonly [string, Formula])[] = [
  [`cores of the services, ${BUSY * 100} % busy`, ({ services }, rate) => cores(services, rate)],
  [`cores of PostgreSQL, ${BUSY * 100} % busy`, ({ postgres }, rate) => cores(postgres, rate)],
  ['WAL a second', ({ wal }, rate) => bytes(wal * rate)],
  ['WAL a day', ({ wal }, rate) => bytes(wal * rate * S_PER_DAY)],
  ['tables and indexes a day', ({ stored }, rate) => bytes(stored * rate * S_PER_DAY)],
  ['messages a second, written once', ({ messages }, rate) => rounded(messages * rate)],
  [`messages a second, ${REPLICAS} copies`, ({ messages }, rate) => rounded(messages * rate * REPLICAS)],
];

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/**
 * What a rate takes, as a table of Markdown: the cost of an order times the rate, and nothing else.
 *
 * @returns a line for each resource, a column for each rate
 */
export const capacityTable = (cost: OrderCost): string =>
  [
    line(['sustained', ...RATES.map((rate) => `${rate.toLocaleString('en-US')} orders/s`)]),
    line(['---', ...RATES.map(() => '---')]),
    ...ROWS.map(([name, formula]) => line([name, ...RATES.map((rate) => formula(cost, rate))])),
  ].join('\n');

const BEGIN = '<!-- capacity: written by npx -y pnpm scale -->';
const END = '<!-- end of capacity -->';

/**
 * Puts the table in its place on a page.
 *
 * @throws Error where the page has no such place
 */
export const withCapacity = (page: string, report: CostReport): string => {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`The page has no ${BEGIN} with its end.`);
  const table = capacityTable(costIn(report));
  return `${before}${BEGIN}\n\nFrom the figures of ${report.at.slice(0, 10)}:\n\n${table}\n\n${END}${after}`;
};
