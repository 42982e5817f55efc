import type { BenchContext } from '../context/context.ts';
import { addUp, FLAWLESS, type Correctness } from '../correctness/correctness.ts';
import { readable, type Figure } from '../report/report.ts';
import { measureStarts, type Contender, type StartSizes } from './starts.ts';
import { reportExamples } from './stage.ts';
import { takeTurn, type Side, type Turn } from './turn.ts';

/** A kind of system that places orders beside others. */
export interface Kind {
  readonly open: () => Promise<Side>;
  /** What went wrong in one that has had its turns. */
  readonly judge: (side: Side) => Promise<Correctness>;
}

/** What systems of a kind brought. */
export interface Placed {
  /** Start by start. */
  readonly turns: readonly (readonly Turn[])[];
  readonly correctness: Correctness;
}

const roundWords = (round: number | undefined, rounds: number): string => {
  if (round === undefined) return 'starting';
  return round > 0 ? `round ${round} of ${rounds}` : 'warming up';
};

/**
 * Lets systems place orders beside one another, each of them started several times.
 *
 * @param subject what is measured, for who watches
 */
export const placeInStarts = async (
  context: BenchContext,
  subject: string,
  kinds: readonly Kind[],
  sizes: StartSizes,
): Promise<Placed[]> => {
  const flaws = kinds.map(() => FLAWLESS);
  const contenders = kinds.map(({ open, judge }, index): Contender<Side, Turn> => ({
    open,
    turn: (side) => takeTurn(side, sizes.orders),
    close: async (side) => {
      reportExamples(context, side.placings);
      flaws[index] = addUp([flaws[index] ?? FLAWLESS, await judge(side)]);
      await side.system.stop();
    },
  }));
  const turns = await measureStarts(contenders, sizes, (start, round) =>
    context.say(`${subject}: start ${start} of ${sizes.starts}, ${roundWords(round, sizes.rounds)}`),
  );
  return turns.map((ofKind, index) => ({ turns: ofKind, correctness: flaws[index] ?? FLAWLESS }));
};

/** How figures of several starts came about. */
export const methodOfStarts = ({ starts, rounds, orders }: StartSizes): string =>
  `Everything is started ${starts} times, in alternating order, and takes turns of ${readable(orders)} orders in ${rounds} rounds a start. A ratio is the median of the ratios of all rounds, in each of which turns follow one another within seconds, so that what else the machine does hits both; behind it are the least and the greatest median of a start. What is held against itself shows how far apart two of the same are.`;

/** A row of values, one a round of all starts, of what is measured and of what it is held against. */
export const figureOfStarts = (
  { name, unit, target }: Pick<Figure, 'name' | 'unit' | 'target'>,
  value: keyof Turn,
  measured: Placed,
  baseline: Placed & { readonly name: string },
): Figure => ({
  name,
  unit,
  target,
  result: measured.turns.flat().map((turn) => turn[value]),
  baseline: { name: baseline.name, values: baseline.turns.flat().map((turn) => turn[value]) },
  rangeOver: measured.turns[0]?.length ?? 1,
  correctness: addUp([measured.correctness, baseline.correctness]),
});
