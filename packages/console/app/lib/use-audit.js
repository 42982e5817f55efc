import { ask } from './api.js';
import { useAnswer } from './use-answer.js';

/** @import { Audit } from '@order-pipeline/contracts' */

const REFRESH_MS = 1_000;
const PATH = '/ops/audit';

const askAudit = /** @type {typeof ask<Audit>} */ (ask);

export const startAudit = () => askAudit(PATH, { method: 'POST' });

/** The last audit, or how far the one is that is being made. */
export const useAudit = () =>
  useAnswer('audit', async (signal) => (await askAudit(PATH, { signal })).body, { everyMs: REFRESH_MS });
