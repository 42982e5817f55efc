import { ask, withQuery } from '../lib/api.js';
import { STATUSES } from '../lib/lifecycle.js';
import { useAnswer } from '../lib/use-answer.js';
import { AsOf, CopyCurl, Empty, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { OrderTable } from '../parts/order-table.js';
import { Chips, Page, Pager } from '../parts/page.js';
import { html } from '../ui.js';

/** @import { Order } from '@order-pipeline/contracts' */

/** @import { Route } from '../lib/router.js' */

const PAGE_SIZE = 50;
const REFRESH_MS = 3_000;

/** @param {Route} props */
export const OrdersPage = ({ query: { status, cursor } }) => {
  const path = withQuery('/api/orders', { status, limit: PAGE_SIZE, cursor });
  const { value, error, at, again } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<Order[]>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  return html`<${Page} title="Orders" tools=${html`<${AsOf} at=${at} /><${CopyCurl} path=${path} />`}>
    <${Chips} name="status" label="Status" value=${status} values=${STATUSES} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the orders" />`}
    ${
      value?.body.length === 0 &&
      html`<${Empty} title=${status ? `No order is ${status}.` : 'There are no orders yet.'}>
      ${!status && html`Place one with <code>POST /api/orders</code>: <a href="/docs" target="_blank">the API</a>`}
    </${Empty}>`
    }
    ${value && value.body.length > 0 && html`<${OrderTable} orders=${value.body} />`}
    ${value && html`<${Pager} cursor=${cursor} next=${value.next} />`}
  </${Page}>`;
};
