/** @import { HistoryEntry, ORDER_LIFECYCLE, OrderStatus } from '@order-pipeline/contracts' */

/**
 * @typedef {object} Shown what is shown of a status
 * @property {string} says the sentence on an order's page
 * @property {boolean} isFinal
 * @property {string | undefined} by who takes orders there, if it is on the line to delivery
 */

/**
 * The statuses in the order in which orders take them; typed by the contracts, so that the compiler asks for a new one.
 *
 * @type {Readonly<{ [S in OrderStatus]: Shown & { topic: (typeof ORDER_LIFECYCLE)[S]['topic'] } }>}
 */
const STATES = {
  PENDING: {
    says: 'waits for the next turn of the workflow',
    isFinal: false,
    by: 'client',
    topic: 'ORDER_PLACED',
  },
  PROCESSING: { says: 'waits for shipping', isFinal: false, by: 'workflow', topic: 'ORDER_PROCESSING' },
  SHIPPED: { says: 'waits for delivery', isFinal: false, by: 'shipping', topic: 'ORDER_SHIPPED' },
  DELIVERED: { says: 'has arrived', isFinal: true, by: 'delivery', topic: 'ORDER_DELIVERED' },
  CANCELLED: { says: 'was cancelled, its stock was released', isFinal: true, by: undefined, topic: null },
};

export const STATUSES = /** @type {OrderStatus[]} */ (Object.keys(STATES));

/** The topics on which statuses are announced. */
export const TOPICS = Object.values(STATES).flatMap(({ topic }) => (topic === null ? [] : [topic]));

/** The statuses of an order in progress to delivery. */
export const LIFECYCLE = STATUSES.filter((status) => STATES[status].by !== undefined);

/** Who takes orders into a status. @param {OrderStatus} status */
export const takenBy = (status) => STATES[status].by;

/** What an order waits for in a status. @param {OrderStatus} status */
export const sentenceOf = (status) => STATES[status].says;

/** @param {OrderStatus} status */
export const isFinal = (status) => STATES[status].isFinal;

/** Where the last event stands is reported about a second after the delivery, if it ever is. */
const REPORT_WAIT_MS = 10_000;

/** Whether the position of the last event will not be reported any more. @param {Date} deliveredAt */
export const isReportOver = (deliveredAt) => Date.now() - deliveredAt.getTime() > REPORT_WAIT_MS;

/**
 * @typedef {object} Step
 * @property {OrderStatus} status
 * @property {Date} at when the order took it
 * @property {number | undefined} forMs how long it had it, or has it; none for the last of a finished order
 * @property {string} cause
 * @property {HistoryEntry['event']} event where its event stands, if that is known: from the next step, which it has caused, or where it is the last from its publisher
 */

/**
 * The steps of an order with the time spent in each.
 *
 * @param {readonly HistoryEntry[]} history oldest first
 * @param {number} nowMs
 * @returns {Step[]}
 */
export const stepsOf = (history, nowMs) =>
  history.map(({ status, at, cause, published }, index) => {
    const next = history[index + 1];
    const end = next ? Date.parse(next.at) : isFinal(status) ? undefined : nowMs;
    return {
      status,
      at: new Date(at),
      cause,
      event: published ?? next?.event,
      forMs: end === undefined ? undefined : Math.max(0, end - Date.parse(at)),
    };
  });
