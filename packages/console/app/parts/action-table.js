import { linkToTarget, wordsOf } from '../lib/actions.js';
import { html } from '../ui.js';
import { Time } from './bits.js';
import { ListTable } from './list-table.js';

/** @import { OperatorAction } from '@order-pipeline/contracts' */

/** How it is known who did it. @type {Readonly<Record<OperatorAction['proof'], string>>} */
const PROOFS = { TOKEN: 'by an access token', NAMED: 'as they said' };

/** @param {{ action: OperatorAction }} props */
const Row = ({ action: { at, action, target, by, proof, reason, requestId } }) =>
  html`<tr>
    <td>
      <b>${by}</b> ${wordsOf(action)} <a data-row href=${linkToTarget(action, target)}><code>${target}</code></a>
      <div class="muted small">
        ${reason === undefined ? 'No reason was given' : `“${reason}”`}
      </div>
    </td>
    <td class="wide-only">
      ${PROOFS[proof]}
      <div class="muted small">request <code>${requestId}</code></div>
    </td>
    <td class="number"><${Time} at=${at} /></td>
  </tr>`;

/** @type {readonly (readonly [string, string?])[]} */
const COLUMNS = [['Who did what, and why'], ['How it is known', 'wide-only'], ['When', 'number']];

/** What operators did, to what and why. @param {{ actions: readonly OperatorAction[] }} props */
export const ActionTable = ({ actions }) =>
  html`<${ListTable} columns=${COLUMNS}>
    ${actions.map((action) => html`<${Row} key=${action.actionId} action=${action} />`)}
  </${ListTable}>`;
