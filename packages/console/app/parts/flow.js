import { linkTo } from '../lib/router.js';
import { LIFECYCLE, takenBy } from '../lib/lifecycle.js';
import { countText, exactText } from '../lib/numbers.js';
import { durationText } from '../lib/time.js';
import { html } from '../ui.js';

/** @import { Overview, OrderStatus } from '@order-pipeline/contracts' */

/** @typedef {NonNullable<Overview['orders']>} Orders */

/** The picture at rest moves by one dot in so many milliseconds, and at this rate as fast as can be followed. */
const SLOWEST_MS = 4_000;
const FASTEST_MS = 250;

/** @param {number} perMinute */
const dotMs = (perMinute) => Math.max(FASTEST_MS, Math.min(SLOWEST_MS, 60_000 / Math.max(1, perMinute)));

/** Ten times as many orders make the station larger by as much again. @param {number} count */
const sizeOf = (count) => `${Math.round(68 + 9 * Math.log10(count + 1))}px`;

/** @param {{ status: OrderStatus, orders: Orders, isSmall?: boolean }} props */
const Station = ({ status, orders, isSmall = false }) => {
  const count = orders.byStatus[status];
  const ageMs =
    status in orders.oldestAgeMs ? orders.oldestAgeMs[/** @type {'PENDING'} */ (status)] : undefined;
  const size = isSmall ? undefined : { width: sizeOf(count), height: sizeOf(count) };
  return html`<a
    class=${`station ${isSmall ? 'small' : ''}`}
    data-status=${status}
    href=${linkTo('/orders', { status })}
  >
    <span class="disc" style=${size}><b data-count=${status} title=${exactText(count)}>${countText(count)}</b></span>
    <strong>${status}</strong>
    ${
      ageMs !== undefined &&
      html`<span class="age">${ageMs === null ? 'none here' : `oldest ${durationText(ageMs)}`}</span>`
    }
  </a>`;
};

/** @param {{ to: OrderStatus, orders: Orders, services: Overview['services'] }} props */
const Track = ({ to, orders, services }) => {
  const by = takenBy(to);
  const label = by === 'client' ? 'placed' : by;
  const rate = orders.perMinute[to];
  const worker = services.find(({ name }) => name === by);
  return html`<div class=${`track ${rate > 0 ? 'moving' : ''}`} data-status=${to}>
    <span class="rate"><b>${countText(rate)}</b> /min</span>
    <i style=${{ animationDuration: `${dotMs(rate)}ms` }}></i>
    <span class=${worker?.ready === false ? 'by down' : 'by'}>${worker?.ready === false ? `${label} is down` : label}</span>
  </div>`;
};

/**
 * Where orders are, as a line of stations, and how fast they go from one to the next.
 *
 * @param {{ orders: Orders, services: Overview['services'] }} props
 */
export const Flow = ({ orders, services }) =>
  html`<div class="flow">
    ${LIFECYCLE.map(
      (status) =>
        html`<${Track} key=${`to ${status}`} to=${status} orders=${orders} services=${services} />
          <${Station} key=${status} status=${status} orders=${orders} />`,
    )}
    <div class="branch" data-status="CANCELLED">
      <i></i>
      <${Station} status="CANCELLED" orders=${orders} isSmall />
      <span class="rate"><b>${countText(orders.perMinute.CANCELLED)}</b> /min</span>
    </div>
  </div>`;
