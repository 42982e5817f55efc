/**
 * What an error of a dependency says of what was asked.
 *
 * - `transient`: nothing. The dependency cannot do it now, or not before somebody has seen to it; the same may succeed
 *   later, so it is waited for: 503 over HTTP, and in a consumer as long as it takes.
 * - `refused`: its content cannot be taken, now or later. The request is answered as broken, the message is a dead letter.
 * - `bug`: it was asked wrongly, or the program and the schema do not fit. 500, at `error`, with the stack.
 */
export type Verdict = 'transient' | 'refused' | 'bug';

/** The verdict of an error code, and why. */
export interface Ruling {
  readonly verdict: Verdict;
  readonly why: string;
  /** Whether what met it, a connection or a producer, is to be replaced before the next try. */
  readonly renew?: true;
}

/** Rulings by code. */
export type Rulings = Readonly<Record<string, Ruling>>;

/** Gives all `codes` one ruling. */
export const ruleAll = (codes: readonly string[], ruling: Ruling): Record<string, Ruling> =>
  Object.fromEntries(codes.map((code) => [code, ruling]));

/** The ruling of a code: only what stands in the table itself, so that `constructor` has none. */
export const rulingIn = (rulings: Rulings, code: unknown): Ruling | undefined =>
  typeof code === 'string' && Object.hasOwn(rulings, code) ? rulings[code] : undefined;
