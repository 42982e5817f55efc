import { ApiError, ask } from './api.js';

/** @import { DeadLetter, DeadLetterStatus, LetterFilter, LetterResult } from '@order-pipeline/contracts' */

/** @type {readonly DeadLetterStatus[]} */
export const LETTER_STATUSES = ['OPEN', 'REDRIVING', 'REDRIVEN', 'DISCARDED'];

const PAGE_SIZE = 100;
/** Refusals that belong to one letter and leave the others alone. */
const OF_ONE = new Set(['DEAD_LETTER_NOT_FOUND', 'DEAD_LETTER_RESOLVED', 'REDRIVE_LIMIT_REACHED']);

/** @typedef {'redrive' | 'discard'} Action */

/** What is acted on: letters by their ids, or all open ones of a filter. @typedef {{ ids: readonly string[] } | { filter: LetterFilter }} Target */

/**
 * @typedef {object} Command
 * @property {Action} action
 * @property {Target} target
 * @property {string} by
 * @property {string} [note]
 * @property {boolean} [force] beyond the limit of redrives, one letter at a time
 * @property {boolean} dryRun
 */

/** @typedef {Pick<LetterResult, 'letters' | 'leftOut'>} Outcome */

/** @typedef {{ signal?: AbortSignal | undefined, onProgress?: (count: number) => void }} Options */

/**
 * @param {string} path
 * @param {unknown} body
 * @param {AbortSignal | undefined} signal
 */
const post = async (path, body, signal) =>
  (await /** @type {typeof ask<LetterResult>} */ (ask)(path, { method: 'POST', body, signal })).body;

/**
 * @param {Command & { target: { ids: readonly string[] } }} command
 * @param {Options} options
 * @returns {Promise<Outcome>}
 */
const actOnIds = async ({ action, target, force, ...command }, { signal, onProgress }) => {
  /** @type {Outcome} */
  const outcome = { letters: [], leftOut: [] };
  for (const letterId of target.ids) {
    const body = { ...command, ...(action === 'redrive' && force ? { force } : {}) };
    try {
      const { letters, leftOut } = await post(`/ops/dead-letters/${letterId}/${action}`, body, signal);
      outcome.letters.push(...letters);
      outcome.leftOut.push(...leftOut);
    } catch (error) {
      if (!(error instanceof ApiError) || !OF_ONE.has(error.code)) throw error;
      outcome.leftOut.push({ letterId, why: error.message });
    }
    onProgress?.(outcome.letters.length + outcome.leftOut.length);
  }
  return outcome;
};

/**
 * @param {Command & { target: { filter: LetterFilter } }} command
 * @param {Options} options
 * @returns {Promise<Outcome>}
 */
const actOnFilter = async ({ action, target, by, note, dryRun }, { signal, onProgress }) => {
  /** @type {Outcome} */
  const outcome = { letters: [], leftOut: [] };
  /** @type {string | undefined} */
  let cursor;
  do {
    const page = { limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
    const body = { filter: target.filter, by, note, dryRun, ...page };
    const { letters, leftOut, nextCursor } = await post(`/ops/dead-letters/${action}`, body, signal);
    outcome.letters.push(...letters);
    outcome.leftOut.push(...leftOut);
    onProgress?.(outcome.letters.length + outcome.leftOut.length);
    cursor = nextCursor;
  } while (cursor !== undefined);
  return outcome;
};

/**
 * Redrives or discards letters, or, in a dry run, finds out what that would do.
 *
 * @param {Command} command
 * @param {Options} [options] `onProgress` is called with the number that have been gone through
 * @returns {Promise<Outcome>}
 * @throws {ApiError} when the API refuses all of it
 */
export const act = ({ target, ...command }, options = {}) =>
  'ids' in target ? actOnIds({ ...command, target }, options) : actOnFilter({ ...command, target }, options);

/**
 * The request that does the same in a shell.
 *
 * @param {Action} action
 * @param {Target} target
 * @returns {{ path: string, body: Record<string, unknown> }}
 */
export const requestFor = (action, target) =>
  'ids' in target
    ? {
        path: `/ops/dead-letters/${target.ids[0] ?? ''}/${action}`,
        body: { by: 'ann', note: 'the cause is fixed', dryRun: true },
      }
    : {
        path: `/ops/dead-letters/${action}`,
        body: { filter: target.filter, by: 'ann', note: 'the cause is fixed', dryRun: true },
      };

/** @param {Pick<DeadLetter, 'letterId'>} letter */
export const shortId = ({ letterId }) => letterId.slice(0, 8);
