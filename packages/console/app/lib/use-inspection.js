import { useBody } from './use-body.js';

/** @import { InspectedOrder } from '@order-pipeline/contracts' */

const REFRESH_MS = 3_000;

/** The reservation of an order and the messages of its events; nothing for who may not see them. @param {string} orderId */
export const useInspection = (orderId) =>
  /** @type {typeof useBody<InspectedOrder>} */ (useBody)(
    `/ops/orders/${encodeURIComponent(orderId)}`,
    REFRESH_MS,
  ).value;
