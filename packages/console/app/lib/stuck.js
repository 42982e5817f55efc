import { linkTo } from './router.js';

/** @import { StuckOrder, StuckReason } from '@order-pipeline/contracts' */

/**
 * @typedef {object} Explanation
 * @property {string} means
 * @property {string} heals what the system does automatically
 * @property {string} [todo] the one thing that helps
 * @property {(order: StuckOrder) => string} [link] where that is done
 */

/** @type {Readonly<Record<StuckReason, Explanation>>} */
const EXPLANATIONS = {
  RESERVATION_MISSING: {
    means: 'The inventory holds no stock for it.',
    heals: 'Its stock is reserved again as soon as there is some. Until then it is not shipped.',
    todo: 'Restock its items',
    link: ({ orderId }) => linkTo(`/orders/${encodeURIComponent(orderId)}`),
  },
  DEAD_LETTER: {
    means: 'The consumer failed to process its message.',
    heals: 'Its event is published again less and less often, down to once a day.',
    todo: 'Decide on its dead letter',
    link: ({ orderId }) => linkTo('/dead-letters', { orderId }),
  },
  EVENT_NOT_PUBLISHED: {
    means: 'Its event waits in the outbox.',
    heals: 'It is published as soon as Kafka takes it.',
    todo: 'Look at Kafka',
  },
  ROW_LOCKED: {
    means: 'A session of the database keeps its row locked.',
    heals: 'It continues once the lock is gone.',
    todo: 'End the session that was left open',
  },
  CONSUMER_NOT_PROGRESSING: {
    means: 'The consumer of its next step is away, or makes no progress.',
    heals: 'It continues with the consumer.',
    todo: 'Look at that service',
  },
  EVENT_LOST: {
    means: 'Its event was published, and nobody has it.',
    heals: 'The event is published again when it is old enough.',
  },
};

/** @type {readonly StuckReason[]} */
export const STUCK_REASONS = /** @type {StuckReason[]} */ (Object.keys(EXPLANATIONS));

/** @param {StuckReason} reason */
export const explain = (reason) => EXPLANATIONS[reason];
