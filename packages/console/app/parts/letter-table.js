import { shortId } from '../lib/letters.js';
import { linkTo } from '../lib/router.js';
import { html } from '../ui.js';
import { Status, Time } from './bits.js';
import { ListTable } from './list-table.js';

/** @import { DeadLetter } from '@order-pipeline/contracts' */

/**
 * @typedef {object} Selection
 * @property {ReadonlySet<string>} ids
 * @property {(ids: ReadonlySet<string>) => void} change
 */

/** @param {ReadonlySet<string>} ids @param {string} id @param {boolean} isIn */
const withId = (ids, id, isIn) => new Set(isIn ? [...ids, id] : [...ids].filter((one) => one !== id));

/** @param {{ letter: DeadLetter, selection: Selection | undefined }} props */
const Row = ({ letter, selection }) => {
  const isSelected = selection?.ids.has(letter.letterId) ?? false;
  return html`<tr class=${isSelected ? 'selected' : ''}>
    ${
      selection &&
      html`<td class="narrow">
      <input
        type="checkbox"
        aria-label=${`Select ${letter.letterId}`}
        checked=${isSelected}
        onChange=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ { currentTarget }) =>
          selection.change(withId(selection.ids, letter.letterId, currentTarget.checked))}
      />
    </td>`
    }
    <td>
      <a data-row class="reason" href=${linkTo(`/dead-letters/${letter.letterId}`)}>${letter.reason}</a>
      <div class="muted small">
        ${letter.orderId !== undefined && html`<code>${letter.orderId}</code> · `}<code>${shortId(letter)}</code>
      </div>
    </td>
    <td class="wide-only">
      ${letter.group}
      <div class="muted small"><code>${letter.topic}</code> ${letter.partition}:${letter.offset}</div>
    </td>
    <td class="number">
      ${letter.tries}
      ${letter.redrives > 0 && html`<div class="muted small">${letter.redrives} redriven</div>`}
    </td>
    <td class="number wide-only"><${Time} at=${letter.failedAt} /></td>
    <td class="number"><${Status} status=${letter.status} /></td>
  </tr>`;
};

/** @type {readonly (readonly [string, string?])[]} */
const COLUMNS = [
  ['Reason'],
  ['Group and origin', 'wide-only'],
  ['Tries', 'number'],
  ['Failed at', 'number wide-only'],
  ['Status', 'number'],
];

/** @param {{ letters: readonly DeadLetter[], selection?: Selection }} props */
export const LetterTable = ({ letters, selection }) => {
  const isAll = selection !== undefined && letters.every(({ letterId }) => selection.ids.has(letterId));
  const all =
    selection &&
    html`<input
      type="checkbox"
      aria-label="Select all of this page"
      checked=${isAll}
      onChange=${() => selection.change(new Set(isAll ? [] : letters.map(({ letterId }) => letterId)))}
    />`;
  const columns = [...(all ? [/** @type {const} */ ([all, 'narrow'])] : []), ...COLUMNS];
  return html`<${ListTable} columns=${columns}>
    ${letters.map(
      (letter) => html`<${Row} key=${letter.letterId} letter=${letter} selection=${selection} />`,
    )}
  </${ListTable}>`;
};
