import { linkTo } from '../lib/router.js';
import { durationText } from '../lib/time.js';
import { html } from '../ui.js';
import { RowLink, Status } from './bits.js';
import { ListTable } from './list-table.js';

/** @import { FoundOrder, Order } from '@order-pipeline/contracts' */

const SHOWN_LINES = 2;

/** @param {Pick<Order, 'items'>} order */
export const unitsOf = ({ items }) => items.reduce((sum, { quantity }) => sum + quantity, 0);

/** @param {Pick<Order, 'items'>} props */
const Lines = ({ items }) => {
  const more = items.length - SHOWN_LINES;
  return html`<span class="lines">
    ${items
      .slice(0, SHOWN_LINES)
      .map(({ itemId, quantity }) => html`<span key=${itemId}>${quantity} × <code>${itemId}</code></span>`)}
    ${more > 0 && html`<span class="muted">and ${more} more</span>`}
  </span>`;
};

/** How long an order has been in its status, as of a time. @param {{ order: Order | FoundOrder, asOf: Date }} props */
const Age = ({ order, asOf }) =>
  html`<td class="number">
    ${'updatedAt' in order && durationText(asOf.getTime() - Date.parse(order.updatedAt))}
  </td>`;

/**
 * @param {{ orders: readonly (Order | FoundOrder)[], withUser?: boolean, asOf?: Date | undefined }} props
 * `asOf`: as of when; missing where their age is not shown
 */
export const OrderTable = ({ orders, withUser = true, asOf }) => {
  const aged = orders.some((order) => 'updatedAt' in order) ? asOf : undefined;
  const units = aged ? 'number wide-only' : 'number';
  /** @type {readonly (readonly [string, string?])[]} */
  const columns = [
    ['Order'],
    ['Status'],
    ...(withUser ? [/** @type {const} */ (['User', 'wide-only'])] : []),
    ['Items', 'wide-only'],
    ['Units', units],
    ...(aged ? [/** @type {const} */ (['In it for', 'number'])] : []),
  ];
  return html`<${ListTable} columns=${columns}>
    ${orders.map(
      (order) =>
        html`<tr key=${order.orderId}>
          <td>
            <${RowLink} folder="orders" id=${order.orderId} />
            ${'stuckReason' in order && html`${' '}<code class="small muted">${order.stuckReason}</code>`}
          </td>
          <td><${Status} status=${order.status} /></td>
          ${
            withUser &&
            html`<td class="wide-only">
            <a class="plain" href=${linkTo(`/users/${encodeURIComponent(order.userId)}`)}>
              <code>${order.userId}</code>
            </a>
          </td>`
          }
          <td class="wide-only"><${Lines} items=${order.items} /></td>
          <td class=${units}>${unitsOf(order)}</td>
          ${aged && html`<${Age} order=${order} asOf=${aged} />`}
        </tr>`,
    )}
  </${ListTable}>`;
};
