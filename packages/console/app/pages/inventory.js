import { ask, withQuery } from '../lib/api.js';
import { linkTo, navigate } from '../lib/router.js';
import { useAnswer } from '../lib/use-answer.js';
import { AsOf, CopyCurl, Empty, RowLink, Waiting } from '../parts/bits.js';
import { Dialog } from '../parts/dialog.js';
import { Failure } from '../parts/failure.js';
import { Field, field, onSubmit, useAction } from '../parts/form.js';
import { ListTable } from '../parts/list-table.js';
import { Page, Pager } from '../parts/page.js';
import { StockBar } from '../parts/stock-bar.js';
import { html, useState } from '../ui.js';

/** @import { Item } from '@order-pipeline/contracts' */

/** @import { Route } from '../lib/router.js' */

const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;

/** @param {{ onClose: () => void }} props */
const AddItem = ({ onClose }) => {
  const { busy, error, run } = useAction();
  /** @param {FormData} data */
  const add = (data) =>
    run(async () => {
      const itemId = field(data, 'itemId');
      const body = {
        itemId,
        itemName: field(data, 'itemName'),
        availableQty: Number(field(data, 'availableQty')),
      };
      await ask('/api/inventory', { method: 'POST', body });
      navigate(linkTo(`/inventory/${encodeURIComponent(itemId)}`));
    });
  return html`<${Dialog} title="Add an item" onClose=${onClose}>
    <form onSubmit=${onSubmit(add)}>
      <${Field} label="Id" name="itemId" required data-focus />
      <${Field} label="Name" name="itemName" required />
      <${Field} label="Units in stock" name="availableQty" type="number" min="1" required />
      ${error && html`<${Failure} error=${error} />`}
      <div class="actions end">
        <button type="button" onClick=${onClose}>Cancel</button>
        <button type="submit" class="primary" disabled=${busy}>Add it</button>
      </div>
    </form>
  </${Dialog}>`;
};

/** @type {readonly (readonly [string, string?])[]} */
const COLUMNS = [
  ['Item'],
  ['Name', 'wide-only'],
  ['Stock', 'wide-only'],
  ['Available', 'number'],
  ['Reserved', 'number'],
];

/** @param {{ items: readonly Item[] }} props */
const ItemTable = ({ items }) =>
  html`<${ListTable} columns=${COLUMNS}>
    ${items.map(
      (item) =>
        html`<tr key=${item.itemId}>
          <td class="id">
            <${RowLink} folder="inventory" id=${item.itemId} />
            <div class="narrow-only">${item.itemName}</div>
          </td>
          <td class="wide-only">${item.itemName}</td>
          <td class="wide-only"><${StockBar} ...${item} /></td>
          <td class="number">${item.availableQty}</td>
          <td class="number">${item.reservedQty ?? '–'}</td>
        </tr>`,
    )}
  </${ListTable}>`;

/** @param {Route} props */
export const InventoryPage = ({ query: { cursor } }) => {
  const [isAdding, setIsAdding] = useState(false);
  const path = withQuery('/api/inventory', { limit: PAGE_SIZE, cursor });
  const { value, error, at, again } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<Item[]>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  const tools = html`<${AsOf} at=${at} /><${CopyCurl} path=${path} />
    <button type="button" class="primary" onClick=${() => setIsAdding(true)}>Add an item …</button>`;
  return html`<${Page} title="Inventory" tools=${tools}>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the items" />`}
    ${value?.body.length === 0 && html`<${Empty} title="There are no items yet." />`}
    ${value && value.body.length > 0 && html`<${ItemTable} items=${value.body} />`}
    ${value && html`<${Pager} cursor=${cursor} next=${value.next} />`}
    ${isAdding && html`<${AddItem} onClose=${() => setIsAdding(false)} />`}
  </${Page}>`;
};
