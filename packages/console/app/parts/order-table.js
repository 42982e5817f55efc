import { linkTo } from '../lib/router.js';
import { html } from '../ui.js';
import { RowLink, Status } from './bits.js';

/** @import { Order } from '@order-pipeline/contracts' */

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

/** @param {{ orders: readonly Order[], withUser?: boolean }} props */
export const OrderTable = ({ orders, withUser = true }) =>
  html`<table class="list">
    <thead>
      <tr>
        <th scope="col">Order</th>
        <th scope="col">Status</th>
        ${withUser && html`<th scope="col" class="wide-only">User</th>`}
        <th scope="col" class="wide-only">Items</th>
        <th scope="col" class="number">Units</th>
      </tr>
    </thead>
    <tbody>
      ${orders.map(
        (order) =>
          html`<tr key=${order.orderId}>
            <td>
              <${RowLink} folder="orders" id=${order.orderId} />
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
            <td class="number">${unitsOf(order)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
