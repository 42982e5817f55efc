import { useRef } from '../ui.js';
import { ask } from './api.js';
import { isFinal, isReportOver } from './lifecycle.js';
import { useAnswer } from './use-answer.js';

/** @import { HistoryEntry, OrderWithTimes } from '@order-pipeline/contracts' */

const REFRESH_MS = 1_000;

/**
 * Whether nothing more comes of this step.
 *
 * @param {HistoryEntry} step
 */
const isLast = ({ status, at, published }) =>
  isFinal(status) && (status !== 'DELIVERED' || published !== undefined || isReportOver(new Date(at)));

/**
 * An order with its history, kept up to date until it is finished.
 *
 * @param {string} orderId
 */
export const useOrder = (orderId) => {
  const path = `/api/orders/${encodeURIComponent(orderId)}`;
  const isOver = useRef(false);
  const loaded = useAnswer(
    path,
    async (signal) => {
      // The history first: the order is then never behind it.
      const history = await /** @type {typeof ask<HistoryEntry[]>} */ (ask)(`${path}/history`, { signal });
      const order = await /** @type {typeof ask<OrderWithTimes>} */ (ask)(path, { signal });
      isOver.current = history.body.some(isLast);
      return { order: order.body, history: history.body };
    },
    { everyMs: isOver.current ? undefined : REFRESH_MS },
  );
  return loaded;
};
