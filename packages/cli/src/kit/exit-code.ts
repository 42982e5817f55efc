/**
 * What a command says with its exit code. 0: all that was asked is done, or right. 1: it is not: something was refused,
 * left out, not reached or in violation. 2: that is not known: wrong arguments or settings, nothing answered, a signal.
 */
export const EXIT = { done: 0, notDone: 1, unknown: 2 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
