/** A promise that was not kept. */
export interface Finding {
  /** The promise, in one sentence that is the same for every case. */
  readonly promise: string;
  /** The orders, items or users to look at. */
  readonly ids: readonly string[];
  readonly detail: string;
}

/** The promise of a run that was cut off. */
export const COMES_TO_ITS_END = 'the simulation comes to its end';

export interface Findings {
  add(promise: string, ids: readonly string[], detail: string): void;
  /** Those so far, each once. */
  list(): readonly Finding[];
}

/** More of them say no more. */
const MOST = 30;

export const createFindings = (): Findings => {
  const findings = new Map<string, Finding>();
  return {
    add: (promise, ids, detail) => {
      const key = `${promise} ${ids.join(' ')}`;
      if (findings.size < MOST && !findings.has(key)) findings.set(key, { promise, ids, detail });
    },
    list: () => [...findings.values()],
  };
};
