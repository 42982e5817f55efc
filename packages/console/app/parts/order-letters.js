import { ask, withQuery } from '../lib/api.js';
import { useAnswer } from '../lib/use-answer.js';
import { html } from '../ui.js';
import { LetterTable } from './letter-table.js';

/** @import { DeadLetter } from '@order-pipeline/contracts' */

const REFRESH_MS = 3_000;

/**
 * The dead letters of an order, where there are some; nothing for who may not see them.
 *
 * @param {{ orderId: string }} props
 */
export const OrderLetters = ({ orderId }) => {
  const path = withQuery('/ops/dead-letters', { orderId });
  const { value } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<DeadLetter[]>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  if (!value || value.body.length === 0) return null;
  return html`<section class="letters">
    <h2>Dead letters</h2>
    <${LetterTable} letters=${value.body} />
  </section>`;
};
