import { ask, withQuery } from '../lib/api.js';
import { explain } from '../lib/stuck.js';
import { durationText } from '../lib/time.js';
import { useAnswer } from '../lib/use-answer.js';
import { html } from '../ui.js';
import { Time } from './bits.js';

/** @import { StuckOrder, StuckOrders } from '@order-pipeline/contracts' */

const REFRESH_MS = 3_000;

/** When the event of the order is republished. @param {{ order: StuckOrder, afterMs: number }} props */
const Republish = ({ order, afterMs }) => {
  if (order.reason !== 'EVENT_LOST') return null;
  const at = new Date(Date.parse(order.since) + afterMs);
  return at.getTime() > Date.now()
    ? html` That is at <${Time} at=${at} />.`
    : ' That is about to happen, or has just been done.';
};

/** Why an order is stuck, what happens automatically, and what helps. @param {{ order: StuckOrder, afterMs: number }} props */
export const Cause = ({ order, afterMs }) => {
  const { means, heals, todo, link } = explain(order.reason);
  return html`<div class="cause-of">
    <b>${means}</b>
    <span class="muted">${heals}<${Republish} order=${order} afterMs=${afterMs} /></span>
    ${todo && (link ? html`<a href=${link(order)}>${todo} →</a>` : html`<span>${todo}.</span>`)}
  </div>`;
};

/**
 * Says of an order that it is stuck, where it is; nothing for who may not see that.
 *
 * @param {{ orderId: string }} props
 */
export const StuckNote = ({ orderId }) => {
  const path = withQuery('/ops/stuck-orders', { orderId });
  const { value } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<StuckOrders>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  const [order] = value?.body.orders ?? [];
  if (!value || !order) return null;
  return html`<section class="card note" aria-label="Stuck">
    <p class="note-title">Stuck for ${durationText(order.ageMs)} <code>${order.reason}</code></p>
    <${Cause} order=${order} afterMs=${value.body.republishAfterMs} />
  </section>`;
};
