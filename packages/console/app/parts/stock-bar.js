import { html } from '../ui.js';

/** @import { Item } from '@order-pipeline/contracts' */

/** What of the stock is free and what is held for orders. @param {Pick<Item, 'availableQty' | 'reservedQty'>} props */
export const StockBar = ({ availableQty, reservedQty }) =>
  html`<span
    class="stock-bar"
    role="img"
    aria-label=${`${availableQty} available, ${reservedQty ?? 'unknown'} reserved`}
  >
    ${availableQty > 0 && html`<i class="available" style=${{ flexGrow: String(availableQty) }}></i>`}
    ${reservedQty > 0 && html`<i class="reserved" style=${{ flexGrow: String(reservedQty) }}></i>`}
  </span>`;
