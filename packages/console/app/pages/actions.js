import { ACTION_NAMES } from '../lib/actions.js';
import { ask, withQuery } from '../lib/api.js';
import { useAnswer } from '../lib/use-answer.js';
import { ActionTable } from '../parts/action-table.js';
import { AsOf, CopyCurl, Empty, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { asOptions, ChoiceFilter, FilterForm, TextFilter } from '../parts/filter-form.js';
import { Page, Pager } from '../parts/page.js';
import { html } from '../ui.js';

/** @import { OperatorAction } from '@order-pipeline/contracts' */

/** @import { Route } from '../lib/router.js' */

const PAGE_SIZE = 50;
const REFRESH_MS = 3_000;
const FILTERS = /** @type {const} */ (['action', 'by', 'target']);

/** @param {{ query: Route['query'] }} props */
const Filters = ({ query }) =>
  html`<${FilterForm} names=${FILTERS} query=${query}>
    <${ChoiceFilter} name="action" label="What was done" any="Anything" value=${query['action']} options=${asOptions(ACTION_NAMES)} />
    <${TextFilter} name="by" label="Who did it" hint="Who" value=${query['by']} />
    <${TextFilter} name="target" label="Id of what it was done to" hint="Id of an order, item, user or dead letter" wide value=${query['target']} />
  </${FilterForm}>`;

/** What operators did: who, when, what, why, and from which request. @param {Route} props */
export const ActionsPage = ({ query }) => {
  const { action, by, target, cursor } = query;
  const path = withQuery('/ops/actions', { action, by, target, limit: PAGE_SIZE, cursor });
  const { value, error, at, again } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<OperatorAction[]>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  const isFiltered = FILTERS.some((name) => query[name] !== undefined);
  return html`<${Page} title="Operator actions" tools=${html`<${AsOf} at=${at} /><${CopyCurl} path=${path} />`}>
    <${Filters} query=${query} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the actions" />`}
    ${
      value?.body.length === 0 &&
      html`<${Empty} title=${isFiltered ? 'Nobody did that.' : 'No operator has done anything yet.'}>
        What is redriven, discarded, added, restocked, erased or cancelled for somebody else is recorded here, if it is known
        who did it.
      </${Empty}>`
    }
    ${value && value.body.length > 0 && html`<${ActionTable} actions=${value.body} />`}
    ${value && html`<${Pager} cursor=${cursor} next=${value.next} />`}
  </${Page}>`;
};
