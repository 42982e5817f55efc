import { durationText } from '../lib/time.js';
import { useLive } from '../lib/use-live.js';
import { CopyCurl, Time, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { Flow } from '../parts/flow.js';
import { Figures, Letters, Queues, Services } from '../parts/overview-cards.js';
import { Page } from '../parts/page.js';
import { html, useEffect, useState } from '../ui.js';

/** @import { Overview } from '@order-pipeline/contracts' */

const TICK_MS = 500;
/** Without news for so long the page says so. */
const QUIET_MS = 3_000;

/** How long there was no news, in milliseconds; looked at now and then. @param {number | undefined} at */
const useSilence = (at) => {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return at === undefined ? 0 : Math.max(0, now - at);
};

/** @param {{ at: string, silentMs: number }} props */
const Pulse = ({ at, silentMs }) =>
  html`<span class=${`pulse ${silentMs > QUIET_MS ? 'quiet-now' : ''}`}>
    <i aria-hidden="true"></i>
    ${silentMs > QUIET_MS ? `no news for ${durationText(Math.floor(silentMs / 1_000) * 1_000)},` : 'live,'} as of <${Time} at=${at} />
  </span>`;

/** Where orders are, how fast they move, what waits, and what does not answer. */
export const OverviewPage = () => {
  const [count, setCount] = useState(0);
  const { values, at, error } = /** @type {typeof useLive<Overview>} */ (useLive)('/ops/events', count);
  const silentMs = useSilence(at);
  const now = values.at(-1);
  const isQuiet = silentMs > QUIET_MS;
  const tools = html`${now && html`<${Pulse} at=${now.at} silentMs=${silentMs} />`}<${CopyCurl} path="/ops/overview" />`;
  return html`<${Page} title="Overview" tools=${tools}>
    ${error && (isQuiet || !now) && html`<${Failure} error=${error} again=${() => setCount((before) => before + 1)} />`}
    ${!now && !error && html`<${Waiting} what="the first picture" />`}
    ${
      now &&
      html`<div class=${isQuiet ? 'stale' : ''}>
      <section class="card hero">
        ${
          now.orders
            ? html`<${Flow} orders=${now.orders} services=${now.services} />`
            : html`<p class="unknown large">The orders cannot be reached now. What is here comes back by itself.</p>`
        }
      </section>
      ${now.orders && html`<${Figures} orders=${now.orders} />`}
      <div class="columns">
        <${Queues} values=${values} />
        <div>
          <${Services} services=${now.services} />
          <${Letters} letters=${now.deadLetters} />
        </div>
      </div>
    </div>`
    }
  </${Page}>`;
};
