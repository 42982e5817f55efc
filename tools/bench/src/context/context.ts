import type { Life } from './life.ts';

/** What every benchmark is given. */
export interface BenchContext {
  /** Fewer and smaller rounds, of which nothing is written. */
  readonly quick: boolean;
  /** Tells the person at the terminal what is being done. */
  readonly say: (sentence: string) => void;
  readonly life: Life;
}
