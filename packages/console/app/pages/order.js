import { asCommand, ask, asCurl } from '../lib/api.js';
import { isFinal, sentenceOf, stepsOf } from '../lib/lifecycle.js';
import { linkTo } from '../lib/router.js';
import { durationText } from '../lib/time.js';
import { useInspection } from '../lib/use-inspection.js';
import { useNow } from '../lib/use-now.js';
import { useOrder } from '../lib/use-order.js';
import { positionOf, requestIdOf, useTrace } from '../lib/use-trace.js';
import { AsOf, Command, Copy, Status, Time, Waiting } from '../parts/bits.js';
import { Confirm } from '../parts/dialog.js';
import { Failure } from '../parts/failure.js';
import { useAction } from '../parts/form.js';
import { OrderActions } from '../parts/order-actions.js';
import { OrderEvents } from '../parts/order-events.js';
import { OrderLetters } from '../parts/order-letters.js';
import { OrderTrace } from '../parts/order-trace.js';
import { unitsOf } from '../parts/order-table.js';
import { Page } from '../parts/page.js';
import { Position } from '../parts/position.js';
import { Rail, TimeBar } from '../parts/rail.js';
import { StuckNote } from '../parts/stuck-order.js';
import { html, useState } from '../ui.js';

/** @import { InspectedOrder, OrderWithTimes, TraceSpan } from '@order-pipeline/contracts' */

/** @import { Step } from '../lib/lifecycle.js' */

/** What moved an order, in words; what is not here is the name of a service. */
const CAUSES = new Map([
  ['placed', 'by the client'],
  ['cancelled by the client', 'by the client'],
  ['workflow', 'by the workflow'],
  ['shipping', 'by shipping'],
  ['delivery', 'by delivery'],
]);

/** @param {{ order: OrderWithTimes }} props */
const Lines = ({ order }) =>
  html`<section class="card">
    <h2>Items</h2>
    <table class="plain-table">
      <thead>
        <tr>
          <th scope="col">Item</th>
          <th scope="col" class="number">Units</th>
        </tr>
      </thead>
      <tbody>
        ${order.items.map(
          ({ itemId, quantity }) =>
            html`<tr key=${itemId}>
              <td><a href=${linkTo(`/inventory/${encodeURIComponent(itemId)}`)}><code>${itemId}</code></a></td>
              <td class="number">${quantity}</td>
            </tr>`,
        )}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">In all</th>
          <td class="number">${unitsOf(order)}</td>
        </tr>
      </tfoot>
    </table>
  </section>`;

/** What becomes of the stock, in words. @type {Readonly<Record<string, string>>} */
const STOCK = {
  HELD: 'reserved for it',
  RELEASED: 'back in stock',
  CONSUMED: 'left with it',
};

/** @param {{ order: OrderWithTimes, reservation: InspectedOrder['reservation'] | undefined, requestId: string | undefined }} props */
const Facts = ({ order, reservation, requestId }) =>
  html`<section class="card">
    <h2>Facts</h2>
    <dl class="facts">
      <div>
        <dt>User</dt>
        <dd><a href=${linkTo(`/users/${encodeURIComponent(order.userId)}`)}><code>${order.userId}</code></a></dd>
      </div>
      <div><dt>Placed</dt><dd><${Time} at=${order.createdAt} fraction /></dd></div>
      <div><dt>Last transition</dt><dd><${Time} at=${order.updatedAt} fraction /></dd></div>
      ${
        reservation &&
        html`<div><dt>Its stock</dt><dd>${STOCK[reservation.state ?? ''] ?? 'not known now'}</dd></div>
        <div><dt>Reservation</dt><dd><code>${reservation.reservationId}</code></dd></div>`
      }
      ${requestId !== undefined && html`<div><dt>Request</dt><dd><code>${requestId}</code></dd></div>`}
    </dl>
  </section>`;

/** Where the event of a step lies. @param {{ spans: readonly TraceSpan[], step: Step }} props */
const EventOf = ({ spans, step }) => {
  const topic = positionOf(spans, step)?.topic;
  return html`${topic !== undefined && html`<code>${topic}</code> `}<${Position} spans=${spans} step=${step} unknown="–" />`;
};

/** @param {{ steps: readonly Step[], spans: readonly TraceSpan[] }} props */
const Timeline = ({ steps, spans }) => {
  const isKnown = steps.some((step) => positionOf(spans, step));
  return html`<section class="card">
    <h2>Timeline</h2>
    <${TimeBar} steps=${steps} />
    <table class="plain-table timeline">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Since</th>
          ${isKnown && html`<th scope="col" class="wide-only">Event, as it was consumed</th>`}
          <th scope="col" class="number">Time in it</th>
        </tr>
      </thead>
      <tbody>
        ${steps.map((step) => {
          const { status, at, cause, forMs } = step;
          return html`<tr key=${status}>
              <td><${Status} status=${status} /></td>
              <td>
                <${Time} at=${at} fraction /> <span class="muted">${CAUSES.get(cause) ?? cause}</span>
                ${(positionOf(spans, step) || (isKnown && status === 'DELIVERED')) && html`<div class="narrow-only position"><${EventOf} spans=${spans} step=${step} /></div>`}
              </td>
              ${isKnown && html`<td class="wide-only position"><${EventOf} spans=${spans} step=${step} /></td>`}
              <td class="number">${forMs === undefined ? html`<span class="muted">–</span>` : durationText(forMs)}</td>
            </tr>`;
        })}
      </tbody>
    </table>
  </section>`;
};

/** @param {{ orderId: string, status: Step['status'] }} props */
const Commands = ({ orderId, status }) => {
  const isPending = status === 'PENDING';
  const path = `/api/orders/${encodeURIComponent(orderId)}`;
  return html`<section class="card">
    <h2>The same in a shell</h2>
    <${Command} title="Read the order" command=${asCurl(path)} />
    <${Command} title="Read its history" command=${asCurl(`${path}/history`)} />
    ${isPending && html`<${Command} title="Cancel it" command=${asCurl(`${path}/cancel`, { method: 'POST' })} />`}
    <${Command} title="Read both with the command line" command=${asCommand('show', orderId)} />
    ${!isFinal(status) && html`<${Command} title="Follow it" command=${asCommand('watch', orderId)} />`}
    ${isPending && html`<${Command} title="Cancel it with the command line" command=${asCommand('cancel', orderId)} />`}
  </section>`;
};

/** @param {{ orderId: string, onDone: () => void }} props */
const Cancel = ({ orderId, onDone }) => {
  const [isAsking, setIsAsking] = useState(false);
  const { busy, error, run } = useAction();
  const cancel = () =>
    run(async () => {
      await ask(`/api/orders/${encodeURIComponent(orderId)}/cancel`, { method: 'POST' });
      setIsAsking(false);
      onDone();
    });
  return html`<button type="button" class="danger" onClick=${() => setIsAsking(true)}>Cancel the order …</button>
    ${
      isAsking &&
      html`<${Confirm}
      title="Cancel this order?"
      action="Cancel the order"
      busy=${busy}
      onDo=${cancel}
      onClose=${() => setIsAsking(false)}
    >
      <p><code>${orderId}</code> goes no further, and its stock can be sold again. This cannot be undone.</p>
      ${error && html`<${Failure} error=${error} />`}
    </${Confirm}>`
    }`;
};

/** @param {{ id: string }} props */
export const OrderPage = ({ id }) => {
  const { value, error, at, again } = useOrder(id);
  const order = value?.order;
  const now = useNow(order !== undefined && !isFinal(order.status));
  const trace = useTrace(id);
  const spans = trace?.spans ?? [];
  const inspection = useInspection(id);
  const steps = value ? stepsOf(value.history, now) : [];
  const heading = html`<span class="muted">Order</span> <code>${id}</code>`;
  const tools = html`<${AsOf} at=${at} /> <${Copy} text=${id} label="Copy the id" quiet />
    ${order?.status === 'PENDING' && html`<${Cancel} orderId=${id} onDone=${again} />`}`;
  return html`<${Page} title=${id} heading=${heading} tools=${tools}>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the order" />`}
    ${
      order &&
      html`<section class="card hero">
        <p class="headline"><${Status} status=${order.status} large /> ${sentenceOf(order.status)}</p>
        <${Rail} steps=${steps} />
      </section>
      ${!isFinal(order.status) && html`<${StuckNote} orderId=${id} />`}
      <${OrderLetters} orderId=${id} />
      <div class="columns">
        <div>
          <${Timeline} steps=${steps} spans=${spans} />
          <${OrderEvents} events=${inspection?.events} steps=${steps} spans=${spans} />
        </div>
        <div>
          <${Facts} order=${order} reservation=${inspection?.reservation} requestId=${requestIdOf(spans)} />
          <${Lines} order=${order} />
        </div>
      </div>
      <${OrderActions} orderId=${id} />
      <${OrderTrace} trace=${trace} />
      <${Commands} orderId=${id} status=${order.status} />`
    }
  </${Page}>`;
};
