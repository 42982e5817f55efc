import { createHash } from 'node:crypto';

/** Seeds are numbers of 32 bits. */
export const MAX_SEED = 2 ** 32 - 1;

/** The seeds below are the fixed ones, which everybody runs. */
const FIRST_FRESH = 1_000_000;
/** Room for the seeds that follow the first. */
const ROOM = 100_000;

/**
 * The first of the seeds that a text stands for: the same for the same text, others for another one, and none of the
 * fixed ones.
 *
 * @param text such as the hash of a commit
 */
export const freshSeedOf = (text: string): number =>
  FIRST_FRESH + (createHash('sha256').update(text).digest().readUInt32LE() % (MAX_SEED - ROOM - FIRST_FRESH));
