/** One change of a source file. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** A bug that somebody might make, planted on purpose. */
export interface Mutant {
  readonly name: string;
  /** What is wrong then, as a sentence. */
  readonly bug: string;
  readonly edits: readonly Edit[];
}
