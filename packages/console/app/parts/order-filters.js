import { STUCK_REASONS } from '../lib/stuck.js';
import { durationText } from '../lib/time.js';
import { html } from '../ui.js';
import { FilterForm, onChoice } from './filter-form.js';

/** @import { Route } from '../lib/router.js' */

/** Ages that a list can begin with, in milliseconds. */
const AGES_MS = [60_000, 600_000, 3_600_000, 86_400_000];

/** @type {readonly (readonly [string, string])[]} */
const REASONS = STUCK_REASONS.map((reason) => [reason, reason]);
/** @type {readonly (readonly [string, string])[]} */
const AGES = AGES_MS.map((ms) => [String(ms), `Longer than ${durationText(ms)}`]);

/** @param {{ name: string, label: string, any: string, value: string | undefined, options: readonly (readonly [string, string])[] }} props */
const Choice = ({ name, label, any, value = '', options }) =>
  html`<select name=${name} aria-label=${label} value=${value} onChange=${onChoice}>
    <option value="">${any}</option>
    ${options.map(([of, text]) => html`<option key=${of} value=${of}>${text}</option>`)}
  </select>`;

/** @param {{ name: string, label: string, value: string | undefined }} props */
const IdField = ({ name, label, value = '' }) =>
  html`<input name=${name} class="grow" placeholder=${label} aria-label=${label} defaultValue=${value} />`;

/**
 * Filters orders by ids, where that is asked for, the reason why they are stuck, and the time in their status.
 *
 * @param {{ query: Route['query'], withSearch?: boolean }} props
 */
export const OrderFilters = ({ query, withSearch = false }) =>
  html`<${FilterForm} names=${[...(withSearch ? ['search', 'itemId'] : []), 'reason', 'olderThanMs']} query=${query}>
    ${
      withSearch &&
      html`<${IdField} name="search" label="Order or user id" value=${query['search']} />
        <${IdField} name="itemId" label="Item id" value=${query['itemId']} />`
    }
    <${Choice} name="reason" label="Reason" any=${withSearch ? 'Stuck or not' : 'Any reason'} value=${query['reason']} options=${REASONS} />
    <${Choice} name="olderThanMs" label="Age" any="Any age" value=${query['olderThanMs']} options=${AGES} />
  </${FilterForm}>`;
