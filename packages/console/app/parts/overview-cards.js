import { linkTo } from '../lib/router.js';
import { countText, exactText, trendOf } from '../lib/numbers.js';
import { durationText } from '../lib/time.js';
import { html } from '../ui.js';
import { Sparkline } from './sparkline.js';

/** @import { ComponentChildren } from 'preact' */

/** @import { Overview } from '@order-pipeline/contracts' */

/** @typedef {NonNullable<Overview['orders']>} Orders */

/** Why new orders are refused, in words. */
const SHEDDING = new Map([
  ['DATABASE_BUSY', 'the database stores nothing'],
  ['OUTBOX_TOO_OLD', 'events wait for too long'],
  ['OUTBOX_TOO_DEEP', 'too many events wait'],
  ['QUEUE_TOO_LONG', 'requests come too fast'],
]);

const UNKNOWN = html`<p class="unknown">Not known now.</p>`;

/** @param {{ label: string, tone?: string, children?: ComponentChildren, note?: ComponentChildren }} props */
const Figure = ({ label, tone = '', children, note }) =>
  html`<div class=${`figure ${tone}`}>
    <dt>${label}</dt>
    <dd>${children}</dd>
    <dd class="note-line">${note}</dd>
  </div>`;

/** @param {{ orders: Orders }} props */
export const Figures = ({ orders: { placedToDelivered, stuck, loadShedding } }) => {
  const stuckCount = stuck.reduce((sum, { count }) => sum + count, 0);
  const [reason] = loadShedding;
  return html`<dl class="figure-row">
    <${Figure}
      label="Placed to delivered, p50"
      note=${placedToDelivered ? `${exactText(placedToDelivered.count)} deliveries in ${durationText(placedToDelivered.windowMs)}` : 'no delivery lately'}
    >
      ${placedToDelivered ? durationText(placedToDelivered.p50Ms) : '–'}
    </${Figure}>
    <${Figure} label="Placed to delivered, p99"
      note=${placedToDelivered ? '1 of 100 takes longer' : ''}>
      ${placedToDelivered ? durationText(placedToDelivered.p99Ms) : '–'}
    </${Figure}>
    <${Figure}
      label="Stuck orders"
      tone=${stuckCount > 0 ? 'bad' : ''}
      note=${stuckCount > 0 ? html`<a href=${linkTo('/stuck')}>See why, and what helps</a>` : 'none is too long in a status'}
    >
      ${countText(stuckCount)}
    </${Figure}>
    <${Figure}
      label="New orders"
      tone=${reason === undefined ? '' : 'bad'}
      note=${reason === undefined ? 'nothing is over its limit' : (SHEDDING.get(reason) ?? reason)}
    >
      ${reason === undefined ? 'Accepted' : 'Refused'}
    </${Figure}>
  </dl>`;
};

const ARROWS = /** @type {const} */ ({ rising: '↗', falling: '↘', steady: '→' });

/** @param {{ name: ComponentChildren, label: string, values: readonly number[], more?: string }} props */
const QueueRow = ({ name, label, values, more = '' }) => {
  const trend = trendOf(values);
  return html`<tr>
    <th scope="row">${name} ${more && html`<span class="muted">${more}</span>`}</th>
    <td class="number"><b>${countText(values.at(-1) ?? 0)}</b></td>
    <td class=${`trend ${trend}`}><span aria-hidden="true">${ARROWS[trend]}</span> ${trend}</td>
    <td class="spark"><${Sparkline} values=${values} label=${label} /></td>
  </tr>`;
};

/** What waits between the services: the outbox, and what each group has still to process. @param {{ values: readonly Overview[] }} props */
export const Queues = ({ values }) => {
  const now = values.at(-1);
  if (!now) return null;
  const depths = values.flatMap(({ outbox }) => (outbox ? [outbox.depth] : []));
  /** @param {{ group: string, topic: string }} of */
  const lagsOf = ({ group, topic }) =>
    values.flatMap(({ consumers }) => {
      const found = consumers?.find((one) => one.group === group && one.topic === topic);
      return found ? [found.lag] : [];
    });
  return html`<section class="card">
    <h2>Waiting between the services</h2>
    <table class="plain-table queues">
      <thead>
        <tr>
          <th scope="col">Queue</th>
          <th scope="col" class="number">Now</th>
          <th scope="col" class="trend">Trend</th>
          <th scope="col" class="spark">Lately</th>
        </tr>
      </thead>
      <tbody>
        ${
          now.outbox &&
          html`<${QueueRow}
          name="outbox"
          label="Events in the outbox"
          values=${depths}
          more=${now.outbox.depth > 0 ? `oldest ${durationText(now.outbox.oldestAgeMs)}` : ''}
        />`
        }
        ${now.consumers?.map(
          (one) =>
            html`<${QueueRow}
            key=${`${one.group} ${one.topic}`}
            name=${one.group}
            more=${one.topic}
            label=${`Lag of ${one.group} in ${one.topic}`}
            values=${lagsOf(one)}
          />`,
        )}
      </tbody>
    </table>
    ${!now.outbox && html`<p class="unknown">The outbox cannot be read now.</p>`}
    ${!now.consumers && html`<p class="unknown">Kafka does not say how far the consumers are.</p>`}
  </section>`;
};

/** @param {{ services: Overview['services'] }} props */
export const Services = ({ services }) =>
  html`<section class="card">
    <h2>Services</h2>
    <ul class="services">
      ${services.map(
        ({ name, ready, error }) =>
          html`<li key=${name} class=${ready ? 'up' : 'down'}>
            <i aria-hidden="true"></i>
            <span>${name} <span class="state">${ready ? 'ready' : 'not ready'}</span>
              ${error && html`<span class="error">${error}</span>`}
            </span>
          </li>`,
      )}
    </ul>
  </section>`;

/** @param {{ letters: Overview['deadLetters'] }} props */
export const Letters = ({ letters }) =>
  html`<section class="card">
    <h2>Dead letters</h2>
    ${letters === null && UNKNOWN}
    ${letters?.length === 0 && html`<p class="muted">None waits for a decision.</p>`}
    <ul class="letter-counts">
      ${letters?.map(
        ({ topic, group, open }) =>
          html`<li key=${`${topic} ${group}`}>
            <a href=${linkTo('/dead-letters', { topic, group })}>${group} <span class="muted">${topic}</span></a>
            <b>${countText(open)}</b>
          </li>`,
      )}
    </ul>
  </section>`;
