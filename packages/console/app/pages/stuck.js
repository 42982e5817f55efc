import { ask, withQuery } from '../lib/api.js';
import { LIFECYCLE, isFinal } from '../lib/lifecycle.js';
import { durationText } from '../lib/time.js';
import { useAnswer } from '../lib/use-answer.js';
import { AsOf, CopyCurl, Empty, RowLink, Status, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { ListTable } from '../parts/list-table.js';
import { OrderFilters } from '../parts/order-filters.js';
import { Chips, Page } from '../parts/page.js';
import { Cause } from '../parts/stuck-order.js';
import { html } from '../ui.js';

/** @import { StuckOrders } from '@order-pipeline/contracts' */

/** @import { Route } from '../lib/router.js' */

const REFRESH_MS = 3_000;
const MAX_SHOWN = 200;

/** @type {readonly (readonly [string, string?])[]} */
const COLUMNS = [['Order, reason and what helps'], ['Status', 'number wide-only'], ['In it for', 'number']];

/** @param {{ found: StuckOrders }} props */
const StuckTable = ({ found: { orders, republishAfterMs } }) =>
  html`<${ListTable} columns=${COLUMNS}>
    ${orders.map(
      (order) =>
        html`<tr key=${order.orderId}>
          <td>
            <${RowLink} folder="orders" id=${order.orderId} />
            ${' '}<code class="small muted">${order.reason}</code>
            <div class="narrow-only"><${Status} status=${order.status} /></div>
            <${Cause} order=${order} afterMs=${republishAfterMs} />
          </td>
          <td class="number wide-only"><${Status} status=${order.status} /></td>
          <td class="number">${durationText(order.ageMs)}</td>
        </tr>`,
    )}
  </${ListTable}>`;

/** @param {Route} props */
export const StuckPage = ({ query }) => {
  const { status, reason, olderThanMs } = query;
  const path = withQuery('/ops/stuck-orders', { status, reason, olderThanMs, limit: MAX_SHOWN });
  const { value, error, again } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<StuckOrders>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  const found = value?.body;
  const lookedAt = found?.lookedAt === undefined ? undefined : new Date(found.lookedAt);
  return html`<${Page} title="Stuck orders" tools=${html`<${AsOf} at=${lookedAt} /><${CopyCurl} path=${path} />`}>
    <${Chips} name="status" label="Status" value=${status} values=${LIFECYCLE.filter((one) => !isFinal(one))} />
    <${OrderFilters} query=${query} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!found && !error && html`<${Waiting} what="the stuck orders" />`}
    ${
      found &&
      found.orders.length === 0 &&
      html`<${Empty} title="No order is stuck.">
      None has stayed in one status for longer than
      ${' '}${durationText(Math.max(found.stuckAfterMs, Number(olderThanMs ?? 0)))}.
    </${Empty}>`
    }
    ${found && found.orders.length > 0 && html`<${StuckTable} found=${found} />`}
    ${found && found.total > found.orders.length && html`<p class="muted">${found.total} in all; the oldest are shown.</p>`}
  </${Page}>`;
};
