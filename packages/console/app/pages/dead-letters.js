import { ask, withQuery } from '../lib/api.js';
import { LETTER_STATUSES } from '../lib/letters.js';
import { TOPICS } from '../lib/lifecycle.js';
import { changeQuery } from '../lib/router.js';
import { useAnswer } from '../lib/use-answer.js';
import { AsOf, CopyCurl, Empty, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { asOptions, ChoiceFilter, FilterForm, TextFilter } from '../parts/filter-form.js';
import { LetterAction } from '../parts/letter-action.js';
import { LetterTable } from '../parts/letter-table.js';
import { Chips, Page, Pager } from '../parts/page.js';
import { html, useState } from '../ui.js';

/** @import { DeadLetter } from '@order-pipeline/contracts' */

/** @import { Action, Target } from '../lib/letters.js' */

/** @import { Route } from '../lib/router.js' */

const PAGE_SIZE = 50;
const REFRESH_MS = 3_000;
/** The query of the list without one shows what waits for somebody. */
const DEFAULT_STATUS = 'OPEN';
const ANY_STATUS = 'ALL';
const FILTERS = /** @type {const} */ (['topic', 'group', 'reason', 'orderId']);

/** @param {Route['query']} query */
const filterOf = (query) =>
  Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = query[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );

/** @param {{ query: Route['query'] }} props */
const Filters = ({ query }) =>
  html`<${FilterForm} names=${FILTERS} query=${query}>
    <${ChoiceFilter} name="topic" label="Topic" any="Any topic" value=${query['topic']} options=${asOptions(TOPICS)} />
    <${TextFilter} name="group" label="Group" value=${query['group']} />
    <${TextFilter} name="reason" label="Words of the reason" wide value=${query['reason']} />
    <${TextFilter} name="orderId" label="Order id" value=${query['orderId']} />
  </${FilterForm}>`;

/** @param {{ count: number, onAct: (action: Action) => void }} props */
const SelectionBar = ({ count, onAct }) =>
  html`<div class="selection" role="region" aria-label="Selection">
    <b>${count} selected</b>
    <button type="button" class="primary" onClick=${() => onAct('redrive')}>Redrive …</button>
    <button type="button" class="danger" onClick=${() => onAct('discard')}>Discard …</button>
    <button type="button" class="quiet" onClick=${() => changeQuery({ sel: undefined }, { replace: true })}>
      Clear
    </button>
  </div>`;

/** @param {Route['query']} query */
const pathOf = ({ status = DEFAULT_STATUS, cursor, ...query }) =>
  withQuery('/ops/dead-letters', {
    ...filterOf(query),
    status: status === ANY_STATUS ? undefined : status,
    limit: PAGE_SIZE,
    cursor,
  });

/** What is selected stays in the URL, without a step back for each. @param {string | undefined} sel */
const selectionOf = (sel = '') => ({
  ids: new Set(sel.split(',').filter((id) => id !== '')),
  change: (/** @type {ReadonlySet<string>} */ next) =>
    changeQuery({ sel: [...next].join(',') }, { replace: true }),
});

/** @param {{ isOpen: boolean }} props */
const None = ({ isOpen }) =>
  html`<${Empty} title=${isOpen ? 'No dead letter waits for anybody.' : 'There is no such dead letter.'}>
    ${isOpen && 'Every message was processed, redriven or discarded.'}
  </${Empty}>`;

/** @param {{ onAct: (action: Action) => void }} props */
const FilterActions = ({ onAct }) =>
  html`<button type="button" onClick=${() => onAct('redrive')}>Redrive all …</button>
    <button type="button" class="danger" onClick=${() => onAct('discard')}>Discard all …</button>`;

/** @param {Route} props */
export const DeadLettersPage = ({ query }) => {
  const [doing, setDoing] = useState(
    /** @type {{ action: Action, target: Target } | undefined} */ (undefined),
  );
  const path = pathOf(query);
  const { value, error, at, again } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<DeadLetter[]>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  const status = query['status'] ?? DEFAULT_STATUS;
  const isOpen = status === 'OPEN';
  const letters = value?.body ?? [];
  const selection = selectionOf(query['sel']);
  const ids = [...selection.ids];
  const onDone = () => {
    selection.change(new Set());
    again();
  };
  /** @param {Target} target */
  const doTo = (target) => (/** @type {Action} */ action) => setDoing({ action, target });
  const tools = html`<${AsOf} at=${at} /><${CopyCurl} path=${path} />
    ${isOpen && letters.length > 0 && html`<${FilterActions} onAct=${doTo({ filter: filterOf(query) })} />`}`;
  return html`<${Page} title="Dead letters" tools=${tools}>
    <${Chips} name="status" label="Status" value=${status} values=${LETTER_STATUSES} all=${ANY_STATUS} />
    <${Filters} query=${query} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the dead letters" />`}
    ${value && letters.length === 0 && html`<${None} isOpen=${isOpen} />`}
    ${letters.length > 0 && html`<${LetterTable} letters=${letters} selection=${isOpen ? selection : undefined} />`}
    ${value && html`<${Pager} cursor=${query['cursor']} next=${value.next} />`}
    ${isOpen && ids.length > 0 && html`<${SelectionBar} count=${ids.length} onAct=${doTo({ ids })} />`}
    ${doing && html`<${LetterAction} ...${doing} onDone=${onDone} onClose=${() => setDoing(undefined)} />`}
  </${Page}>`;
};
