/** Why nothing could be measured, for the person who asked: one sentence. */
export class BenchError extends Error {}
