import { exactText } from '../lib/numbers.js';
import { useAudit } from '../lib/use-audit.js';
import { useLinks } from '../lib/use-links.js';
import { AuditButton, AuditHeadline } from '../parts/audit-run.js';
import { Command, CopyCurl, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { ListTable } from '../parts/list-table.js';
import { Page } from '../parts/page.js';
import { html } from '../ui.js';

/** @import { AuditCheck } from '@order-pipeline/contracts' */

/** @param {AuditCheck} check */
const stateOf = ({ violations, notChecked, unit }) =>
  violations.length > 0 ? 'VIOLATIONS' : notChecked !== undefined && unit === '' ? 'NOT_MADE' : 'CLEAN';

const SIGNS = /** @type {const} */ ({
  CLEAN: ['✔', 'kept'],
  VIOLATIONS: ['✘', 'violated'],
  NOT_MADE: ['–', 'not checked'],
});

/** @param {{ violations: AuditCheck['violations'] }} props */
const Violations = ({ violations }) =>
  violations.map(
    ({ problem, count, examples }) =>
      html`<div key=${problem} class="violation">
        <b>${exactText(count)} × ${problem}</b>
        <ul>
          ${examples.map(
            ({ id, detail }) =>
              html`<li key=${id}><code>${id}</code> <span class="muted">${detail}</span></li>`,
          )}
        </ul>
      </div>`,
  );

/** @param {{ check: AuditCheck }} props */
const Row = ({ check }) => {
  const state = stateOf(check);
  const [sign, word] = SIGNS[state];
  return html`<tr>
    <td class="narrow"><b class=${`sign ${state}`} role="img" aria-label=${word}>${sign}</b></td>
    <td>
      <b>${check.name}</b>
      <div>${check.invariant}</div>
      <${Violations} violations=${check.violations} />
      ${check.notes.map((note) => html`<div key=${note} class="muted small">${note}</div>`)}
      ${check.notChecked !== undefined && html`<div class="muted small">not checked: ${check.notChecked}</div>`}
    </td>
    <td class="number">
      <b>${exactText(check.checked)}</b>
      <div class="muted small">${check.unit}</div>
    </td>
  </tr>`;
};

const COLUMNS = /** @type {const} */ ([
  [html`<span class="unseen">Outcome</span>`, 'narrow'],
  ['What has to be so'],
  ['Checked', 'number'],
]);

/** @param {{ checks: readonly AuditCheck[] }} props */
const Checks = ({ checks }) =>
  html`<${ListTable} kind="checks" columns=${COLUMNS}>
    ${checks.map((check) => html`<${Row} key=${check.name} check=${check} />`)}
  </${ListTable}>`;

const Everything = () => {
  const { value, error, again } = useAudit();
  const tools = html`<${CopyCurl} path="/ops/audit" asked=${{ method: 'POST' }} />
    ${value && html`<${AuditButton} audit=${value} onDone=${again} />`}`;
  return html`<${Page} title="Audit" tools=${tools}>
    <p class="subtitle">
      Reads the databases and the broker, and compares them: nothing lost, sold twice or done twice. It can be made at any
      time, and changes nothing.
    </p>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the audit" />`}
    ${value && html`<section class="card"><${AuditHeadline} audit=${value} /></section>`}
    ${value?.checks && html`<${Checks} checks=${value.checks} />`}
  </${Page}>`;
};

/** Where the databases are elsewhere: what can be audited from where. */
const Elsewhere = () =>
  html`<section class="card">
    <h2>Made where the databases are</h2>
    <p>
      An audit reads the databases and Kafka, which the gateway reaches only where everything is embedded in its process. Run
      it where they are reached:
    </p>
    <${Command}
      title="All of it, with USERS_, INVENTORY_ and ORDERS_DATABASE_URL and KAFKA_BROKERS set"
      command="npx -y pnpm -s orders audit"
    />
    <${Command}
      title="What the public API shows: items, and each order with its history. Not: events, the outbox, dead letters, reservations"
      command=${`npx -y pnpm -s orders audit --url ${location.origin}`}
    />
  </section>`;

export const AuditPage = () => {
  const links = useLinks();
  if (links?.['audit'] !== undefined) return html`<${Everything} />`;
  return html`<${Page} title="Audit">
    ${links ? html`<${Elsewhere} />` : html`<${Waiting} what="the gateway" />`}
  </${Page}>`;
};
