import { ask } from './api.js';
import { useAnswer } from './use-answer.js';

/** @import { InspectedOrder } from '@order-pipeline/contracts' */

const REFRESH_MS = 3_000;

/** The reservation of an order and the messages of its events; nothing for who may not see them. @param {string} orderId */
export const useInspection = (orderId) => {
  const path = `/ops/orders/${encodeURIComponent(orderId)}`;
  const load = async (/** @type {AbortSignal} */ signal) =>
    (await /** @type {typeof ask<InspectedOrder>} */ (ask)(path, { signal })).body;
  return useAnswer(path, load, { everyMs: REFRESH_MS }).value;
};
