import { FAULTS } from '../lib/faults.js';
import { exactText } from '../lib/numbers.js';
import { linkTo } from '../lib/router.js';
import { useAudit } from '../lib/use-audit.js';
import { useLinks } from '../lib/use-links.js';
import { useLive } from '../lib/use-live.js';
import { FAULT_S, placeSamples, switchFault, useSandbox } from '../lib/use-sandbox.js';
import { AuditButton, AuditHeadline } from '../parts/audit-run.js';
import { CopyCurl, Empty, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { Flow } from '../parts/flow.js';
import { useAction } from '../parts/form.js';
import { Queues, Services } from '../parts/overview-cards.js';
import { Page } from '../parts/page.js';
import { html } from '../ui.js';

/** @import { Overview, Sandbox } from '@order-pipeline/contracts' */

const RATES = [0, 1, 5, 10, 25, 50];
const SECOND_MS = 1_000;

/** @param {number} ms */
const secondsText = (ms) => `${Math.ceil(ms / SECOND_MS)} s`;

/** @param {{ workload: Sandbox['workload'], run: ReturnType<typeof useAction>['run'], onDone: () => void }} props */
const Samples = ({ workload: { perSecond, endsInMs, placed, refused, inFlight }, run, onDone }) =>
  html`<section class="card">
    <h2>Place sample orders</h2>
    <div class="chips" role="group" aria-label="Sample orders a second">
      ${RATES.map(
        (rate) =>
          html`<button
            key=${rate}
            type="button"
            aria-pressed=${rate === perSecond}
            onClick=${() => run(async () => placeSamples(rate).then(onDone))}
          >
            ${rate === 0 ? 'None' : `${rate} a second`}
          </button>`,
      )}
    </div>
    <p class="muted" role="status">
      ${perSecond === 0 ? 'None is placed now.' : `Ends by itself in ${secondsText(endsInMs)}, or with this page.`}
    </p>
    <dl class="figures three">
      <div><dt>Placed</dt><dd data-samples="placed">${exactText(placed)}</dd></div>
      <div><dt>Refused</dt><dd>${exactText(refused)}</dd></div>
      <div><dt>Under way</dt><dd>${exactText(inFlight)}</dd></div>
    </dl>
    <p class="muted small">
      They are orders like any other, of a sample user. The workflow takes them on at its next turn: once a minute, or as
      often as WORKFLOW_INTERVAL_MS says.
    </p>
  </section>`;

/** @param {{ about: (typeof FAULTS)[number], state: Sandbox['faults'][number] | undefined, run: ReturnType<typeof useAction>['run'], onDone: () => void }} props */
const Fault = ({ about: { fault, title, does, see, met }, state, run, onDone }) => {
  const { endsInMs = 0, hits = 0 } = state ?? {};
  const isOn = endsInMs > 0;
  return html`<li class=${isOn ? 'on' : ''}>
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked=${isOn}
      aria-label=${title}
      onClick=${() => run(async () => switchFault(fault, !isOn).then(onDone))}
    ></button>
    <div>
      <p class="fault-title">
        <b>${title}</b>
        ${isOn && html`<span class="ends">ends in ${secondsText(endsInMs)}</span>`}
        ${hits > 0 && met !== '' && html`<span class="muted">${exactText(hits)} ${met}</span>`}
      </p>
      <p class="muted">${does} <span class="see">${see}</span></p>
    </div>
  </li>`;
};

/** @param {{ faults: Sandbox['faults'], run: ReturnType<typeof useAction>['run'], onDone: () => void }} props */
const Faults = ({ faults, ...by }) =>
  html`<section class="card">
    <h2>Break something</h2>
    <ul class="faults">
      ${FAULTS.map(
        (about) =>
          html`<${Fault}
            key=${about.fault}
            about=${about}
            state=${faults.find(({ fault }) => fault === about.fault)}
            ...${by}
          />`,
      )}
    </ul>
    <p class="muted small">
      Each ends by itself after ${FAULT_S} s, with this page, and when the system stops. All services share one process
      here, so a consumer dies and not a process; the simulation and the tests in containers kill whole processes.
    </p>
  </section>`;

/** @param {{ now: Overview | undefined }} props */
const Orders = ({ now }) => {
  if (!now) return html`<${Waiting} what="the first picture" />`;
  return html`<section class="card hero">
    ${
      now.orders
        ? html`<${Flow} orders=${now.orders} services=${now.services} />`
        : html`<p class="unknown large">The orders cannot be reached now. What is here comes back by itself.</p>`
    }
  </section>`;
};

const Proof = () => {
  const { value, again } = useAudit();
  if (!value) return null;
  return html`<section class="card">
    <h2>Check that all of it is right</h2>
    <${AuditHeadline} audit=${value} />
    <div class="actions">
      <${AuditButton} audit=${value} onDone=${again} />
      ${value.checks && html`<a class="button" href=${linkTo('/audit')}>What was checked</a>`}
    </div>
  </section>`;
};

const Everything = () => {
  const { value, error, again } = useSandbox();
  const { values } = /** @type {typeof useLive<Overview>} */ (useLive)('/ops/events');
  const { error: refusal, run } = useAction();
  const now = values.at(-1);
  const by = { run, onDone: again };
  return html`<${Page} title="Try it" tools=${html`<${CopyCurl} path="/ops/sandbox" />`}>
    <p class="subtitle">
      Place orders, break something, and watch: orders wait, then go on. Nothing is lost, and nothing is done twice.
    </p>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${refusal && html`<${Failure} error=${refusal} />`}
    <${Orders} now=${now} />
    ${
      value &&
      html`<div class="columns turned">
        <div>
          <${Samples} workload=${value.workload} ...${by} />
          ${now && html`<${Services} services=${now.services} />`}
        </div>
        <div>
          <${Faults} faults=${value.faults} ...${by} />
          <${Proof} />
          <${Queues} values=${values} />
        </div>
      </div>`
    }
  </${Page}>`;
};

/** Sample orders and faults, where the gateway has them. */
export const TryPage = () => {
  const links = useLinks();
  if (links?.['sandbox'] !== undefined) return html`<${Everything} />`;
  return html`<${Page} title="Try it">
    ${
      links
        ? html`<${Empty} title="There is nothing to break here.">
          Only a start with everything embedded in one process, for this machine alone, lets faults be switched on.
        </${Empty}>`
        : html`<${Waiting} what="the gateway" />`
    }
  </${Page}>`;
};
