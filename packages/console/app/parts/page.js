import { changeQuery } from '../lib/router.js';
import { html, useEffect } from '../ui.js';

/** @import { ComponentChildren } from 'preact' */

/**
 * A view with its heading, which is the title of the tab, too.
 *
 * @param {{ title: string, heading?: ComponentChildren, tools?: ComponentChildren, children?: ComponentChildren }} props
 */
export const Page = ({ title, heading, tools, children }) => {
  useEffect(() => {
    document.title = `${title} · Order pipeline`;
  }, [title]);
  return html`<div class="page">
    <div class="page-head">
      <h1>${heading ?? title}</h1>
      <div class="tools">${tools}</div>
    </div>
    ${children}
  </div>`;
};

/**
 * Leads through the pages of a list. The API's cursors lead on only; back is the browser's own way, or the first page.
 *
 * @param {{ cursor: string | undefined, next: string | undefined, waitsLongest?: boolean, onward?: string | undefined }} props
 * `waitsLongest` says that the list has what waits longest first, instead of the newest; `onward` names the way to the next page
 */
export const Pager = ({ cursor, next, waitsLongest = false, onward = waitsLongest ? 'Shorter' : 'Older' }) =>
  cursor === undefined && next === undefined
    ? null
    : html`<nav class="pager" aria-label="Pages">
        <button type="button" disabled=${cursor === undefined} onClick=${() => changeQuery({ cursor: undefined })}>
          ${waitsLongest ? 'Longest' : 'Newest'}
        </button>
        <button type="button" disabled=${cursor === undefined} onClick=${() => history.back()}>← Back</button>
        <button type="button" data-next disabled=${next === undefined} onClick=${() => changeQuery({ cursor: next })}>
          ${onward} →
        </button>
      </nav>`;

/**
 * One of several values of the query.
 *
 * @param {{ name: string, label: string, value: string | undefined, values: readonly string[], all?: string }} props
 * `all` is the value for all of them; none if not given
 */
export const Chips = ({ name, label, value, values, all }) =>
  html`<div class="chips" role="group" aria-label=${label}>
    ${[all, ...values].map(
      (one) =>
        html`<button
          key=${one ?? ''}
          type="button"
          aria-pressed=${one === value}
          onClick=${() => changeQuery({ [name]: one, cursor: undefined, sel: undefined })}
        >
          ${one === all ? 'All' : one}
        </button>`,
    )}
  </div>`;
