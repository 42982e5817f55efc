import { durationText } from '../lib/time.js';
import { startAudit } from '../lib/use-audit.js';
import { html } from '../ui.js';
import { Time } from './bits.js';
import { Failure } from './failure.js';
import { useAction } from './form.js';

/** @import { Audit } from '@order-pipeline/contracts' */

/** @typedef {{ audit: Audit, onDone: () => void }} Props */

const SIGNS = /** @type {const} */ ({ NONE: '', RUNNING: '', CLEAN: '✔', VIOLATIONS: '✘', NOT_MADE: '–' });

/** @param {Audit} audit */
const headlineOf = ({ state, sentence, part }) => {
  if (state === 'NONE') return 'No audit was made since the start.';
  if (state === 'RUNNING') return `Checking ${part ?? ''} …`;
  return sentence;
};

/** What came of the last audit, in a line. @param {{ audit: Audit }} props */
export const AuditHeadline = ({ audit }) =>
  html`<p class=${`audit-line ${audit.state}`} role="status">
    <b aria-hidden="true">${SIGNS[audit.state]}</b> ${headlineOf(audit)}
    ${
      audit.tookMs !== undefined &&
      audit.startedAt !== undefined &&
      html` <span class="muted">
        <${Time} at=${audit.startedAt} />, in ${durationText(audit.tookMs)}; <code>orders audit</code> would exit with
        ${' '}${audit.exitCode}
      </span>`
    }
  </p>`;

/** Starts an audit. @param {Props} props */
export const AuditButton = ({ audit, onDone }) => {
  const { busy, error, run } = useAction();
  return html`<button
      type="button"
      class="primary"
      disabled=${busy || audit.state === 'RUNNING'}
      onClick=${() => run(async () => startAudit().then(onDone))}
    >
      Run the audit
    </button>
    ${error && html`<${Failure} error=${error} />`}`;
};
