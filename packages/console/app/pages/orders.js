import { ask, withQuery } from '../lib/api.js';
import { STATUSES, isFinal } from '../lib/lifecycle.js';
import { useAnswer } from '../lib/use-answer.js';
import { AsOf, CopyCurl, Empty, Waiting } from '../parts/bits.js';
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
const pathOf = ({ search, status, reason, olderThanMs, cursor }) => {
  const isForOperators = [search, reason, olderThanMs].some(Boolean);
  return withQuery(isForOperators ? '/ops/orders' : '/api/orders', {
    search,
    status,
    reason,
    olderThanMs,
    limit: PAGE_SIZE,
    cursor,
  });
};

/** @param {{ query: Route['query'] }} props */
const NoOrders = ({ query: { search, status, reason, olderThanMs } }) => {
  const isClosed = STATUSES.some((one) => one === status && isFinal(one));
  if (reason || olderThanMs)
    return html`<${Empty} title="No such order waits.">
      ${isClosed ? `An order that is ${status} waits for nothing more.` : 'Closed orders have no age.'}
    </${Empty}>`;
  if (search)
    return html`<${Empty} title="There is no such order.">
      Ids are exact and whole: those of an order, or of a user.
    </${Empty}>`;
  return html`<${Empty} title=${status ? `No order is ${status}.` : 'There are no orders yet.'}>
    ${!status && html`Place one with <code>POST /api/orders</code>: <a href="/docs" target="_blank">the API</a>`}
  </${Empty}>`;
};

/** @param {Route} props */
export const OrdersPage = ({ query }) => {
  const path = pathOf(query);
  const waitsLongest = Boolean(query['reason'] || query['olderThanMs']);
  const { value, error, at, again } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<readonly (Order | FoundOrder)[]>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  return html`<${Page} title="Orders" tools=${html`<${AsOf} at=${at} /><${CopyCurl} path=${path} />`}>
    <${Chips} name="status" label="Status" value=${query['status']} values=${STATUSES} />
    <${OrderFilters} query=${query} withSearch />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the orders" />`}
    ${value?.body.length === 0 && html`<${NoOrders} query=${query} />`}
    ${value && value.body.length > 0 && html`<${OrderTable} orders=${value.body} asOf=${at} />`}
    ${value && html`<${Pager} cursor=${query['cursor']} next=${value.next} waitsLongest=${waitsLongest} />`}
  </${Page}>`;
};
