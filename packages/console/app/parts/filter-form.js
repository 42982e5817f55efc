import { changeQuery } from '../lib/router.js';
import { html } from '../ui.js';
import { field, onSubmit } from './form.js';

/** @import { ComponentChildren } from 'preact' */

/** @import { Route } from '../lib/router.js' */

/** A choice counts at once; a text, when it is entered. @param {Event & { currentTarget: HTMLSelectElement }} event */
const onChoice = ({ currentTarget }) => currentTarget.form?.requestSubmit();

/**
 * A filter that is chosen from values, or left open.
 *
 * @param {{ name: string, label: string, any: string, value: string | undefined, options: readonly (readonly [string, string])[] }} props
 * `options`: each with its text
 */
export const ChoiceFilter = ({ name, label, any, value = '', options }) =>
  html`<select name=${name} aria-label=${label} value=${value} onChange=${onChoice}>
    <option value="">${any}</option>
    ${options.map(([of, text]) => html`<option key=${of} value=${of}>${text}</option>`)}
  </select>`;

/** Options that are shown as they are called. @param {readonly string[]} values @returns {readonly (readonly [string, string])[]} */
export const asOptions = (values) => values.map((value) => [value, value]);

/**
 * A filter that is entered. One that is wide takes the room that is left.
 *
 * @param {{ name: string, label: string, hint?: string, value: string | undefined, wide?: boolean }} props
 */
export const TextFilter = ({ name, label, hint = label, value = '', wide = false }) =>
  html`<input name=${name} class=${wide ? 'grow' : undefined} placeholder=${hint} aria-label=${label} defaultValue=${value} />`;

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
