import { ask, withQuery } from '../lib/api.js';
import { useAnswer } from '../lib/use-answer.js';
import { html } from '../ui.js';
import { ActionTable } from './action-table.js';

/** @import { DeadLetter, OperatorAction } from '@order-pipeline/contracts' */

const REFRESH_MS = 3_000;
/** An order seldom has more dead letters; the view of actions has them all. */
const MAX_LETTERS = 5;

/** @param {OperatorAction} one @param {OperatorAction} other */
const newestFirst = (one, other) => (one.actionId < other.actionId ? 1 : -1);

/**
 * What operators did with an order and with its dead letters, where they did something; nothing for who may not see it.
 *
 * @param {{ orderId: string }} props
 */
export const OrderActions = ({ orderId }) => {
  const { value } = useAnswer(
    `actions of ${orderId}`,
    async (signal) => {
      const letters = await /** @type {typeof ask<DeadLetter[]>} */ (ask)(
        withQuery('/ops/dead-letters', { orderId, limit: MAX_LETTERS }),
        { signal },
      );
      const targets = [orderId, ...letters.body.map(({ letterId }) => letterId)];
      const found = await Promise.all(
        targets.map((target) =>
          /** @type {typeof ask<OperatorAction[]>} */ (ask)(withQuery('/ops/actions', { target }), {
            signal,
          }),
        ),
      );
      return found.flatMap(({ body }) => body).toSorted(newestFirst);
    },
    { everyMs: REFRESH_MS },
  );
  if (!value || value.length === 0) return null;
  return html`<section class="letters">
    <h2>Operator actions</h2>
    <${ActionTable} actions=${value} />
  </section>`;
};
