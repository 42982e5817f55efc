import type { BenchContext } from '../context/context.ts';
import { addUp, FLAWLESS, type Correctness } from '../correctness/correctness.ts';
import type { Figure } from '../report/report.ts';
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
  readonly turns: readonly Turn[];
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
export const methodOfStarts = ({ starts, rounds }: StartSizes): string =>
  `Everything is started ${starts} times, in alternating order; a value of a start is the median of its ${rounds} rounds, and each row has the median over the starts. Behind a ratio are the least and the greatest of a start. What is held against itself shows how far apart two starts of the same are.`;

/** A row of values, one a start, of what is measured and of what it is held against. */
export const figureOfStarts = (
  { name, unit, target }: Pick<Figure, 'name' | 'unit' | 'target'>,
  value: keyof Turn,
  measured: Placed,
  baseline: Placed & { readonly name: string },
): Figure => ({
  name,
  unit,
  target,
  result: measured.turns.map((turn) => turn[value]),
  baseline: { name: baseline.name, values: baseline.turns.map((turn) => turn[value]) },
  hasRange: true,
  correctness: addUp([measured.correctness, baseline.correctness]),
});
