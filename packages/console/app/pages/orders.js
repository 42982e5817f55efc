import { ask, withQuery } from '../lib/api.js';
import { STATUSES, isFinal } from '../lib/lifecycle.js';
import { useAnswer } from '../lib/use-answer.js';
import { AsOf, CopyCurl, Empty, Time, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { OrderFilters } from '../parts/order-filters.js';
import { OrderTable } from '../parts/order-table.js';
import { Chips, Page, Pager } from '../parts/page.js';
import { html } from '../ui.js';

/** @import { FoundOrder, Order } from '@order-pipeline/contracts' */

/** @import { Route } from '../lib/router.js' */

const PAGE_SIZE = 50;
const REFRESH_MS = 3_000;

/**
 * The list that is asked for: that of clients, unless a filter is for operators.
 *
 * @param {Route['query']} query
 */
const pathOf = ({ search, itemId, status, reason, olderThanMs, cursor }) => {
  const isForOperators = [search, itemId, reason, olderThanMs].some(Boolean);
  return withQuery(isForOperators ? '/ops/orders' : '/api/orders', {
    search,
    itemId,
    status,
    reason,
    olderThanMs,
    limit: PAGE_SIZE,
    cursor,
  });
};

/** @param {{ query: Route['query'] }} props */
const NoOrders = ({ query: { search, itemId, status, reason, olderThanMs } }) => {
  const isClosed = STATUSES.some((one) => one === status && isFinal(one));
  if (reason || olderThanMs)
    return html`<${Empty} title="No such order waits.">
      ${isClosed ? `An order that is ${status} waits for nothing more.` : 'Closed orders have no age.'}
    </${Empty}>`;
  if (search || itemId)
    return html`<${Empty} title="There is no such order.">
      Ids are exact and whole: those of an order, of a user, or of an item.
    </${Empty}>`;
  return html`<${Empty} title=${status ? `No order is ${status}.` : 'There are no orders yet.'}>
    ${!status && html`Place one with <code>POST /api/orders</code>: <a href="/docs" target="_blank">the API</a>`}
  </${Empty}>`;
};

/**
 * How far a page has looked for an item, where there is more to look at.
 *
 * @param {{ until: string, waitsLongest: boolean, found: number }} props
 */
const LookedUntil = ({ until, waitsLongest, found }) =>
  html`<p class="looked" role="status">
    Looked at orders ${waitsLongest ? 'that wait since before' : 'placed since'}${' '}<${Time} at=${until} />${found === 0 && ': none contains the item'}.
  </p>`;

/** @param {Route} props */
export const OrdersPage = ({ query }) => {
  const path = pathOf(query);
  const waitsLongest = Boolean(query['reason'] || query['olderThanMs']);
  const { value, error, at, again } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<readonly (Order | FoundOrder)[]>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  // A page that was not filled has looked so far, and there is more to look at.
  const lookedUntil = value?.next && value.body.length < PAGE_SIZE ? value.searchedUntil : undefined;
  return html`<${Page} title="Orders" tools=${html`<${AsOf} at=${at} /><${CopyCurl} path=${path} />`}>
    <${Chips} name="status" label="Status" value=${query['status']} values=${STATUSES} />
    <${OrderFilters} query=${query} withSearch />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what=${query['itemId'] ? 'the orders with the item' : 'the orders'} />`}
    ${value?.body.length === 0 && !value.next && html`<${NoOrders} query=${query} />`}
    ${value && value.body.length > 0 && html`<${OrderTable} orders=${value.body} asOf=${at} />`}
    ${
      value &&
      lookedUntil !== undefined &&
      html`<${LookedUntil} until=${lookedUntil} waitsLongest=${waitsLongest} found=${value.body.length} />`
    }
    ${
      value &&
      html`<${Pager}
        cursor=${query['cursor']}
        next=${value.next}
        waitsLongest=${waitsLongest}
        onward=${lookedUntil === undefined ? undefined : 'Look further'}
      />`
    }
  </${Page}>`;
};
