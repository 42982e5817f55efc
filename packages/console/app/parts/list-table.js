import { html } from '../ui.js';

/** @import { ComponentChildren } from 'preact' */

/**
 * A list of what there is, a row for each.
 *
 * @param {{ columns: readonly (readonly [heading: ComponentChildren, of?: string])[], kind?: string, children?: ComponentChildren }} props
 * `columns`: with their classes; `kind`: one of the whole table
 */
export const ListTable = ({ columns, kind = '', children }) =>
  html`<table class=${`list ${kind}`}>
    <thead>
      <tr>
        ${columns.map(([heading, of], index) => html`<th key=${index} scope="col" class=${of}>${heading}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${children}
    </tbody>
  </table>`;
