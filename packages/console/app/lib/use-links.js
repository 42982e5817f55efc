import { ask } from './api.js';
import { useAnswer } from './use-answer.js';

/** @typedef {{ links: Record<string, string> }} Links */

/** Where what is at this gateway; undefined until it has said so. */
export const useLinks = () =>
  useAnswer('links', async (signal) => {
    const { body } = await /** @type {typeof ask<Links>} */ (ask)('/', { signal });
    return body.links;
  }).value;
