import type { BenchContext } from '../context/context.ts';
import { addUp, FLAWLESS, type Correctness } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import type { OrderSource } from '../load/orders.ts';
import { placeOrders, type Placing } from '../load/place.ts';
import { read, type Reading } from '../load/read.ts';
import { auditStage, outboxDrained } from '../orders/audited.ts';
import { CONNECTIONS, type Sizes } from '../orders/sizes.ts';
import { NO_WALKING_MS, openSpread, reportExamples } from '../orders/stage.ts';
import type { Figure } from '../report/report.ts';
import { goRounds, roundSentence } from '../rounds.ts';
import { startEmbeddedSystem, type EmbeddedSystem } from '../system/embedded.ts';
import { fillOrders, tidyUp } from './fill.ts';
import { READ_KINDS, type ReadKind } from './reads.ts';

const READ_CONNECTIONS = 8;
const PAST_MS = 600_000;
/** Within a fifth of each other. */
const MAX_TIMES = 1.2;
const MIN_TIMES = 0.83;

type GrowthSizes = Sizes['growth'];

/** A system with so many orders stored. */
interface Stored {
  readonly stored: number;
  readonly system: EmbeddedSystem;
  readonly source: OrderSource;
  readonly placings: Placing[];
  readonly readings: Reading[];
  reads: number;
}

/** What one round brought of one system: its rate of placement, then the p99 of each kind of read. */
type Values = readonly number[];

const openStored = async (context: BenchContext, stored: number): Promise<Stored> => {
  context.say(`Growth: filling ${stored.toLocaleString('en-US')} orders in`);
  const system = await startEmbeddedSystem(context, {
    name: `the growth stage at ${stored}`,
    workflowIntervalMs: NO_WALKING_MS,
  });
  await fillOrders(system.databases, { from: 0, to: stored }, new Date(Date.now() - PAST_MS));
  await tidyUp(system.databases);
  const source = await openSpread(system.url);
  return { stored, system, source, placings: [], readings: [], reads: 0 };
};

const placeOn = async (side: Stored, amount: number): Promise<number> => {
  const { system, source, placings } = side;
  const extent = { amount };
  const placing = await placeOrders({ url: system.url, source, connections: CONNECTIONS, extent });
  placings.push(placing);
  await outboxDrained(system);
  return placing.rate;
};

const readFrom = async (side: Stored, { pathOf, isRight }: ReadKind, durationS: number): Promise<number> => {
  const reading = await read({
    url: side.system.url,
    connections: READ_CONNECTIONS,
    durationS,
    nextPath: () => pathOf(side.reads++, side.stored),
    isRight,
  });
  side.readings.push(reading);
  return reading.p99Ms;
};

/** Everything once, the systems one right after the other, each time another one first. */
const goRound = async (sides: readonly Stored[], sizes: GrowthSizes, number: number): Promise<Values[]> => {
  const values: number[][] = sides.map(() => []);
  const first = number % sides.length;
  const turns = [...sides.entries()];
  const rotated = [...turns.slice(first), ...turns.slice(0, first)];
  const measures = [
    (side: Stored) => placeOn(side, sizes.orders),
    ...READ_KINDS.map((kind) => (side: Stored) => readFrom(side, kind, sizes.readS)),
  ];
  for (const measure of measures)
    for (const [index, side] of rotated) values[index]?.push(await measure(side));
  return values;
};

const judge = async (context: BenchContext, side: Stored): Promise<Correctness> => {
  reportExamples(context, side.placings);
  return addUp([
    await auditStage(context, side.system),
    await judgeStored(side.system.databases, side.placings),
    { ...FLAWLESS, refusedWrongly: side.readings.reduce((sum, { wrong }) => sum + wrong, 0) },
  ]);
};

const figuresOf = (
  sides: readonly Pick<Stored, 'stored'>[],
  rounds: readonly Values[][],
  correctness: readonly Correctness[],
): Figure[] => {
  const formatCount = (index: number): string => sides[index]?.stored.toLocaleString('en-US') ?? '';
  const of = (side: number, measure: number): number[] =>
    rounds.map((values) => values[side]?.[measure] ?? Number.NaN);
  const figure = (measure: number, side: number): Figure => {
    const kind = READ_KINDS[measure - 1];
    return {
      name: `${kind ? `${kind.name}, p99` : 'placement'}, ${formatCount(side)} stored`,
      unit: kind ? 'ms' : 'orders/s',
      result: of(side, measure),
      baseline: { name: `${formatCount(0)} stored`, values: of(0, measure) },
      target: kind ? { timesAtMost: MAX_TIMES } : { times: MIN_TIMES },
      correctness: addUp([correctness[0] ?? FLAWLESS, correctness[side] ?? FLAWLESS]),
    };
  };
  const larger = sides.map((_, side) => side).slice(1);
  return [0, ...READ_KINDS.map((_, index) => index + 1)].flatMap((measure) =>
    larger.map((side) => figure(measure, side)),
  );
};

/** Placement and reads where few and where many orders are stored, in systems beside one another. */
export const benchGrowth = async (
  context: BenchContext,
  { rounds, growth }: Pick<Sizes, 'rounds' | 'growth'>,
): Promise<Figure[]> => {
  const { say } = context;
  const sides: Stored[] = [];
  for (const stored of growth.stored) sides.push(await openStored(context, stored));
  const found = await goRounds(rounds, async (number) => {
    say(roundSentence('Growth', number, rounds));
    return goRound(sides, growth, number);
  });
  say('Growth: auditing');
  const correctness: Correctness[] = [];
  for (const side of sides) {
    correctness.push(await judge(context, side));
    await side.system.stop();
  }
  return figuresOf(sides, found, correctness);
};
