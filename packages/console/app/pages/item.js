import { ask, asCurl } from '../lib/api.js';
import { linkTo } from '../lib/router.js';
import { useAnswer } from '../lib/use-answer.js';
import { useBody } from '../lib/use-body.js';
import { AsOf, Command, Copy, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { Field, field, onSubmit, useAction } from '../parts/form.js';
import { Page } from '../parts/page.js';
import { StockBar } from '../parts/stock-bar.js';
import { html, useState } from '../ui.js';

/** @import { InspectedItem, Item } from '@order-pipeline/contracts' */

const REFRESH_MS = 2_000;

const newKey = () =>
  `console-${[...crypto.getRandomValues(new Uint32Array(3))].map((part) => part.toString(36)).join('')}`;

/**
 * A restock under a key: pressed twice, or again after a lost answer, it counts once. What counted gives a new key.
 *
 * @param {{ path: string, onDone: () => void }} props
 */
const Restock = ({ path, onDone }) => {
  const [key, setKey] = useState(newKey);
  const [done, setDone] = useState('');
  const { busy, error, run } = useAction();
  /** @param {FormData} data @param {HTMLFormElement} form */
  const restock = (data, form) =>
    run(async () => {
      setDone('');
      const quantity = Number(field(data, 'quantity'));
      const headers = { 'idempotency-key': key };
      await ask(`${path}/restock`, { method: 'POST', body: { quantity }, headers });
      form.reset();
      setKey(newKey());
      setDone(`${quantity} ${quantity === 1 ? 'unit' : 'units'} came in.`);
      onDone();
    });
  return html`<section class="card">
    <h2>Restock</h2>
    <form class="inline" onSubmit=${onSubmit(restock)}>
      <${Field} label="Units that came in" name="quantity" type="number" min="1" max="1000000" required />
      <button type="submit" class="primary" disabled=${busy}>Restock</button>
    </form>
    <p role="status">${done}</p>
    ${error && html`<${Failure} error=${error} />`}
    <p class="muted">Sent under the idempotency key <code>${key}</code>, so that pressed twice it counts once.</p>
  </section>`;
};

/** What has left with orders, for who may see it. @param {string} itemId */
const useConsumed = (itemId) =>
  /** @type {typeof useBody<InspectedItem>} */ (useBody)(
    `/ops/items/${encodeURIComponent(itemId)}`,
    REFRESH_MS,
  ).value?.consumedQty;

/** @param {{ item: Item, consumed: number | undefined }} props */
const Stock = ({ item, consumed }) =>
  html`<section class="card">
    <h2>Stock</h2>
    <${StockBar} ...${item} />
    <dl class="figures three">
      <div><dt>Available</dt><dd>${item.availableQty}</dd></div>
      <div><dt>Reserved for orders</dt><dd>${item.reservedQty ?? '–'}</dd></div>
      <div><dt>Left with orders</dt><dd>${consumed ?? '–'}</dd></div>
    </dl>
  </section>`;

/** @param {{ id: string }} props */
export const ItemPage = ({ id }) => {
  const path = `/api/inventory/${encodeURIComponent(id)}`;
  const { value, error, at, again } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<Item>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  const item = value?.body;
  const consumed = useConsumed(id);
  const heading = html`<span class="muted">Item</span> <code>${id}</code>`;
  const tools = html`<${AsOf} at=${at} /><${Copy} text=${id} label="Copy the id" quiet />`;
  return html`<${Page} title=${id} heading=${heading} tools=${tools}>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the item" />`}
    ${
      item &&
      html`<p class="subtitle">
        ${item.itemName}${' · '}
        <a class="underlined" href=${linkTo(`/orders?itemId=${encodeURIComponent(id)}`)}>Orders with this item</a>
      </p>
      <div class="columns even">
        <${Stock} item=${item} consumed=${consumed} />
        <${Restock} path=${path} onDone=${again} />
      </div>
      <section class="card">
        <h2>The same in a shell</h2>
        <${Command} title="Read the item" command=${asCurl(path)} />
        <${Command}
          title="Restock it, once under the key"
          command=${asCurl(`${path}/restock`, {
            method: 'POST',
            body: { quantity: 5 },
            headers: { 'idempotency-key': 'delivery-17' },
          })}
        />
      </section>`
    }
  </${Page}>`;
};
