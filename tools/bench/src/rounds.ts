/** Measures something once; the answer is in the unit of its figure. */
export type Measure = () => Promise<number>;

/** The middle of `values`, of which there is at least one. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

/** The least of `values` that `percent` of them do not exceed. */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
};

/** What is printed when a round of `goRounds` begins. */
export const roundSentence = (name: string, number: number, rounds: number): string =>
  number > 0 ? `${name}: round ${number} of ${rounds}` : `${name}: warming up`;

/**
 * Goes so many rounds, and before them those that warm up and do not count.
 *
 * @param round does one, in which everything takes its turn, so that what else the machine does hits all alike; called with 0 or
 * less for one that warms up
 */
export const goRounds = async <T>(
  rounds: number,
  round: (number: number) => Promise<T>,
  warmUps = 1,
): Promise<T[]> => {
  const found: T[] = [];
  for (let number = 1 - warmUps; number <= rounds; number += 1) {
    const result = await round(number);
    if (number > 0) found.push(result);
  }
  return found;
};

/**
 * Measures in turns.
 *
 * @returns for each measure what it brought, round by round
 */
export const inTurns = async (measures: readonly Measure[], rounds: number): Promise<number[][]> => {
  const found = await goRounds(rounds, async () => {
    const values: number[] = [];
    for (const measure of measures) values.push(await measure());
    return values;
  });
  return measures.map((_, index) => found.map((values) => values[index] ?? Number.NaN));
};
