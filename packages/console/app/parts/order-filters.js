import { STUCK_REASONS } from '../lib/stuck.js';
import { durationText } from '../lib/time.js';
import { html } from '../ui.js';
import { asOptions, ChoiceFilter, FilterForm, TextFilter } from './filter-form.js';

/** @import { Route } from '../lib/router.js' */

/** Ages that a list can begin with, in milliseconds. */
const AGES_MS = [60_000, 600_000, 3_600_000, 86_400_000];

const REASONS = asOptions(STUCK_REASONS);
/** @type {readonly (readonly [string, string])[]} */
const AGES = AGES_MS.map((ms) => [String(ms), `Longer than ${durationText(ms)}`]);

/**
 * Filters orders by ids, where that is asked for, the reason why they are stuck, and the time in their status.
 *
 * @param {{ query: Route['query'], withSearch?: boolean }} props
 */
export const OrderFilters = ({ query, withSearch = false }) =>
  html`<${FilterForm} names=${[...(withSearch ? ['search', 'itemId'] : []), 'reason', 'olderThanMs']} query=${query}>
    ${
      withSearch &&
      html`<${TextFilter} name="search" label="Order or user id" wide value=${query['search']} />
        <${TextFilter} name="itemId" label="Item id" wide value=${query['itemId']} />`
    }
    <${ChoiceFilter} name="reason" label="Reason" any=${withSearch ? 'Stuck or not' : 'Any reason'} value=${query['reason']} options=${REASONS} />
    <${ChoiceFilter} name="olderThanMs" label="Age" any="Any age" value=${query['olderThanMs']} options=${AGES} />
  </${FilterForm}>`;
