import { ask } from './api.js';
import { useAnswer } from './use-answer.js';

/** @import { Loaded } from './use-answer.js' */

/**
 * What is answered at a path, asked for again and again; no value before it was, and for who may not see it.
 *
 * @template T
 * @param {string} path
 * @param {number} everyMs
 * @returns {Loaded<T>}
 */
export const useBody = (path, everyMs) =>
  useAnswer(path, async (signal) => (await /** @type {typeof ask<T>} */ (ask)(path, { signal })).body, {
    everyMs,
  });
