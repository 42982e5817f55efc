import { isFinal, LIFECYCLE } from '../lib/lifecycle.js';
import { durationText } from '../lib/time.js';
import { html } from '../ui.js';
import { Time } from './bits.js';

/** @import { Step } from '../lib/lifecycle.js' */

/**
 * The way of an order as a line of stations: those that it has left, where it is, and those ahead.
 *
 * @param {{ steps: readonly Step[] }} props
 */
export const Rail = ({ steps }) => {
  const last = steps.at(-1);
  const ahead = !last || isFinal(last.status) ? [] : LIFECYCLE.slice(LIFECYCLE.indexOf(last.status) + 1);
  return html`<ol class="rail" aria-label="Lifecycle">
    ${steps.map((step) => {
      const isHere = step === last && !isFinal(step.status);
      return html`<li
        key=${step.status}
        class=${isHere ? 'here' : 'done'}
        data-status=${step.status}
        aria-current=${step === last ? 'step' : undefined}
      >
        <span class="dot" aria-hidden="true"></span>
        <strong>${step.status}</strong>
        <span class="muted"><${Time} at=${step.at} /></span>
        ${
          step.forMs !== undefined &&
          html`<span class="took">${isHere ? 'for ' : ''}${durationText(step.forMs)}</span>`
        }
      </li>`;
    })}
    ${ahead.map(
      (status) =>
        html`<li key=${status} class="ahead" data-status=${status}>
          <span class="dot" aria-hidden="true"></span>
          <strong>${status}</strong>
          <span class="muted">ahead</span>
        </li>`,
    )}
  </ol>`;
};

/**
 * Where the time went, as one bar.
 *
 * @param {{ steps: readonly Step[] }} props
 */
export const TimeBar = ({ steps }) => {
  const spent = steps.flatMap(({ status, forMs }) => (forMs === undefined ? [] : [{ status, forMs }]));
  const total = spent.reduce((sum, { forMs }) => sum + forMs, 0);
  if (total === 0) return null;
  const text = spent.map(({ status, forMs }) => `${status} ${durationText(forMs)}`).join(', ');
  return html`<figure class="time-bar">
    <div role="img" aria-label=${`Time in each status: ${text}`}>
      ${spent.map(
        ({ status, forMs }) =>
          html`<i key=${status} data-status=${status} style=${{ flexGrow: String(Math.max(forMs / total, 0.005)) }}></i>`,
      )}
    </div>
    <figcaption>
      ${spent.map(
        ({ status, forMs }) =>
          html`<span key=${status} data-status=${status}>
            ${status} <b>${durationText(forMs)}</b> <span class="muted">${percent(forMs / total)}</span>
          </span>`,
      )}
      <span class="total">in all <b>${durationText(total)}</b></span>
    </figcaption>
  </figure>`;
};

/** @param {number} share */
const percent = (share) => (share > 0 && share < 0.01 ? '< 1 %' : `${Math.round(share * 100)} %`);
