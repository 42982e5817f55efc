/** What went wrong while something was measured. All are 0, or its figure does not count. */
export interface Correctness {
  /** Answers other than those that were due. */
  readonly refusedWrongly: number;
  /** Orders that were accepted and are missing or stuck. */
  readonly lost: number;
  /** What was done more often than once. */
  readonly doubled: number;
  /** Units that were sold and not there. */
  readonly oversold: number;
}

export const CORRECTNESS_COLUMNS = {
  refusedWrongly: 'refused wrongly',
  lost: 'lost',
  doubled: 'doubled',
  oversold: 'oversold',
} as const satisfies Record<keyof Correctness, string>;

export const FLAWLESS: Correctness = { refusedWrongly: 0, lost: 0, doubled: 0, oversold: 0 };

export const isFlawless = (correctness: Correctness): boolean =>
  Object.values(correctness).every((count) => count === 0);

export const addUp = (all: readonly Correctness[]): Correctness => {
  const sum = (name: keyof Correctness): number => all.reduce((total, one) => total + one[name], 0);
  return {
    refusedWrongly: sum('refusedWrongly'),
    lost: sum('lost'),
    doubled: sum('doubled'),
    oversold: sum('oversold'),
  };
};
