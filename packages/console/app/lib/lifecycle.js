/** @import { HistoryEntry, OrderStatus } from '@order-pipeline/contracts' */

/** The statuses of an order in progress to delivery. @type {readonly OrderStatus[]} */
export const LIFECYCLE = ['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED'];
/** @type {readonly OrderStatus[]} */
export const STATUSES = [...LIFECYCLE, 'CANCELLED'];

/** What an order waits for in each status. @type {Readonly<Record<OrderStatus, string>>} */
export const WAITS_FOR = {
  PENDING: 'waits for the next turn of the workflow',
  PROCESSING: 'waits for shipping',
  SHIPPED: 'waits for delivery',
  DELIVERED: 'has arrived',
  CANCELLED: 'was cancelled, its stock was released',
};

/** @param {OrderStatus} status */
export const isFinal = (status) => status === 'DELIVERED' || status === 'CANCELLED';

/**
 * @typedef {object} Step
 * @property {OrderStatus} status
 * @property {Date} at when the order took it
 * @property {number | undefined} forMs how long it had it, or has it; none for the last of a finished order
 * @property {string} cause
 */

/**
 * The steps of an order with the time spent in each.
 *
 * @param {readonly HistoryEntry[]} history oldest first
 * @param {number} nowMs
 * @returns {Step[]}
 */
export const stepsOf = (history, nowMs) =>
  history.map(({ status, at, cause }, index) => {
    const next = history[index + 1];
    const end = next ? Date.parse(next.at) : isFinal(status) ? undefined : nowMs;
    return {
      status,
      at: new Date(at),
      cause,
      forMs: end === undefined ? undefined : Math.max(0, end - Date.parse(at)),
    };
  });
