/** Measures something once; the answer is in the unit of its figure. */
export type Measure = () => Promise<number>;

/** The middle of `values`, of which there is at least one. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

/**
 * Measures in turns, so that what else the machine does hits all alike; the first round warms up and does not count.
 *
 * @returns for each measure what it brought, round by round
 */
export const inTurns = async (measures: readonly Measure[], rounds: number): Promise<number[][]> => {
  const found: number[][] = measures.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, measure] of measures.entries()) {
      const value = await measure();
      if (round > 0) found[index]?.push(value);
    }
  }
  return found;
};
