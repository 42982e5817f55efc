/** How much is measured of systems that are started several times. */
export interface StartSizes {
  readonly starts: number;
  /** The turns of a system in a start that count. */
  readonly rounds: number;
  /** The turns before them, in which code is compiled. */
  readonly warmUps: number;
  /** Of each turn. */
  readonly orders: number;
}

/** A kind of system that is measured beside others. */
export interface Contender<S, T> {
  open(): Promise<S>;
  /** Lets it do what is measured, once. */
  turn(system: S): Promise<T>;
  /** Ends it, after its last turn. */
  close(system: S): Promise<void>;
}

/** All of them, from another one on for each `number`. */
const rotated = <E>(all: readonly E[], number: number): E[] => {
  const from = ((number % all.length) + all.length) % all.length;
  return [...all.slice(from), ...all.slice(0, from)];
};

/** From another one on each time, and two starts of four backwards, so that none always comes first or after the same. */
const orderOfStart = <E>(all: readonly E[], start: number): E[] => {
  const order = rotated(all, start);
  return start % 4 < 2 ? order : order.toReversed();
};

/**
 * Measures systems beside one another, each of them started several times: two starts of the same code differ by more than
 * the rounds of one, as each is compiled and laid out in memory in its own way.
 *
 * @param before is called before each start, without a round, and before each round of it, for who watches; a round that warms
 * up is 0 or less
 * @returns for each contender, start by start, its turns; those of one round have the same place in all of them
 */
export const measureStarts = async <S, T>(
  contenders: readonly Contender<S, T>[],
  { starts, rounds, warmUps }: Omit<StartSizes, 'orders'>,
  before: (start: number, round?: number) => void = () => undefined,
): Promise<T[][][]> => {
  const found: T[][][] = contenders.map(() => []);
  for (let start = 1; start <= starts; start += 1) {
    const opened: { readonly contender: Contender<S, T>; readonly system: S; readonly turns: T[] }[] = [];
    before(start);
    for (const contender of orderOfStart(contenders, start))
      opened.push({ contender, system: await contender.open(), turns: [] });
    for (let round = 1 - warmUps; round <= rounds; round += 1) {
      before(start, round);
      for (const { contender, system, turns } of rotated(opened, round)) {
        const turn = await contender.turn(system);
        if (round > 0) turns.push(turn);
      }
    }
    for (const { contender, system, turns } of opened) {
      await contender.close(system);
      found[contenders.indexOf(contender)]?.push(turns);
    }
  }
  return found;
};
