/** Arguments that cannot be used, in one sentence. */
export class UsageError extends Error {}
