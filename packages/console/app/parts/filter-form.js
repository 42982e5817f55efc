import { changeQuery } from '../lib/router.js';
import { html } from '../ui.js';
import { field, onSubmit } from './form.js';

/** @import { ComponentChildren } from 'preact' */

/** @import { Route } from '../lib/router.js' */

/** A choice counts at once; a text, when it is entered. @param {Event & { currentTarget: HTMLSelectElement }} event */
export const onChoice = ({ currentTarget }) => currentTarget.form?.requestSubmit();

/**
 * Fields that filter a list; what is in them stands in the URL.
 *
 * @param {{ names: readonly string[], query: Route['query'], children?: ComponentChildren }} props
 */
export const FilterForm = ({ names, query, children }) => {
  /** @param {FormData} data */
  const apply = (data) =>
    changeQuery({
      ...Object.fromEntries(names.map((name) => [name, field(data, name)])),
      cursor: undefined,
      sel: undefined,
    });
  return html`<form key=${names.map((name) => query[name]).join()} class="filters" onSubmit=${onSubmit(apply)}>
    ${children}
    <button type="submit">Filter</button>
  </form>`;
};
