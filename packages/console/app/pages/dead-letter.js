import { ask, asCurl } from '../lib/api.js';
import { requestFor } from '../lib/letters.js';
import { linkTo } from '../lib/router.js';
import { useAnswer } from '../lib/use-answer.js';
import { AsOf, Command, Copy, Status, Time, Waiting } from '../parts/bits.js';
import { Failure } from '../parts/failure.js';
import { LetterAction } from '../parts/letter-action.js';
import { Page } from '../parts/page.js';
import { html, useState } from '../ui.js';

/** @import { DeadLetterWithContent, LetterContent } from '@order-pipeline/contracts' */

/** @import { Action } from '../lib/letters.js' */

const REFRESH_MS = 2_000;

/** What operators did, in words. @type {Readonly<Record<string, string>>} */
const DID = { REDRIVE: 'redrove it', DISCARD: 'discarded it', REFUSED: 'Kafka will never take it' };

/** @param {LetterContent} content */
const textOf = (content) => {
  if (content === null) return '';
  if ('base64' in content) return content.base64;
  return content.json === undefined ? content.text : JSON.stringify(content.json, undefined, 2);
};

/** @param {LetterContent} content */
const kindOf = (content) => {
  if (content === null) return 'none';
  if ('base64' in content) return 'bytes, in base64';
  return content.json === undefined ? 'text' : 'JSON';
};

/** @param {{ ids: readonly string[] }} props */
const Links = ({ ids }) =>
  ids.map(
    (id) => html`<a key=${id} href=${linkTo(`/dead-letters/${id}`)}><code>${id.slice(0, 8)}</code></a> `,
  );

/** @param {{ letter: DeadLetterWithContent }} props */
const Facts = ({ letter }) =>
  html`<section class="card">
    <h2>Facts</h2>
    <dl class="facts">
      <div><dt>Group</dt><dd>${letter.group}</dd></div>
      <div><dt>Topic</dt><dd><code>${letter.topic}</code></dd></div>
      <div><dt>Partition, offset</dt><dd>${letter.partition}, ${letter.offset}</dd></div>
      ${
        letter.orderId !== undefined &&
        html`<div>
        <dt>Order</dt>
        <dd><a href=${linkTo(`/orders/${encodeURIComponent(letter.orderId)}`)}><code>${letter.orderId}</code></a></dd>
      </div>`
      }
      <div><dt>Tries</dt><dd>${letter.tries}</dd></div>
      <div><dt>Redriven before</dt><dd>${letter.redrives} times</dd></div>
      <div><dt>Failed at</dt><dd><${Time} at=${letter.failedAt} fraction /></dd></div>
      <div><dt>Last change</dt><dd><${Time} at=${letter.updatedAt} fraction /></dd></div>
      ${
        letter.previousId !== undefined &&
        html`<div><dt>Was before</dt><dd><${Links} ids=${[letter.previousId]} /></dd></div>`
      }
      ${
        letter.cameBackAs.length > 0 &&
        html`<div><dt>Came back as</dt><dd><${Links} ids=${letter.cameBackAs} /></dd></div>`
      }
    </dl>
  </section>`;

/** @param {{ letter: DeadLetterWithContent }} props */
const Message = ({ letter: { key, value, headers } }) =>
  html`<section class="card">
    <h2>Message</h2>
    <p class="muted small">Key, ${kindOf(key)}</p>
    <pre tabindex="0" aria-label="Key">${textOf(key)}</pre>
    <p class="muted small">Value, ${kindOf(value)}</p>
    <pre tabindex="0" aria-label="Value">${textOf(value)}</pre>
    <p class="muted small">Headers</p>
    <table class="plain-table headers">
      <tbody>
        ${headers.map(
          ({ name, value: content }, index) =>
            html`<tr key=${index}>
              <th scope="row"><code>${name}</code></th>
              <td><code>${textOf(content)}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;

/** @param {{ letter: DeadLetterWithContent }} props */
const Actions = ({ letter: { letterId, actions } }) =>
  html`<section class="card">
    <h2>What was done with it</h2>
    ${actions.length === 0 && html`<p class="muted">Nothing yet.</p>`}
    <ul class="done">
      ${actions.map(
        ({ action, by, at, note, forced }, index) =>
          html`<li key=${index}>
            <b>${by}</b> ${DID[action]}${forced ? ', beyond the limit' : ''} <span class="muted"><${Time} at=${at} /></span>
            ${note !== undefined && html`<p class="muted">“${note}”</p>`}
          </li>`,
      )}
    </ul>
    ${actions.length > 0 && html`<p class="more"><a href=${linkTo('/actions', { target: letterId })}>From which request</a></p>`}
  </section>`;

/** @param {{ id: string }} props */
const Commands = ({ id }) => {
  const { path, body } = requestFor('redrive', { ids: [id] });
  return html`<section class="card">
    <h2>The same in a shell</h2>
    <${Command} title="Read it" command=${asCurl(`/ops/dead-letters/${id}`)} />
    <${Command} title="Redrive it, as a dry run" command=${asCurl(path, { method: 'POST', body })} />
  </section>`;
};

/** @param {{ id: string }} props */
export const DeadLetterPage = ({ id }) => {
  const [action, setAction] = useState(/** @type {Action | undefined} */ (undefined));
  const path = `/ops/dead-letters/${encodeURIComponent(id)}`;
  const { value, error, at, again } = useAnswer(
    path,
    (signal) => /** @type {typeof ask<DeadLetterWithContent>} */ (ask)(path, { signal }),
    { everyMs: REFRESH_MS },
  );
  const letter = value?.body;
  const tools = html`<${AsOf} at=${at} /><${Copy} text=${id} label="Copy the id" quiet />
    ${
      letter?.status === 'OPEN' &&
      html`<button type="button" class="primary" onClick=${() => setAction('redrive')}>Redrive …</button>
      <button type="button" class="danger" onClick=${() => setAction('discard')}>Discard …</button>`
    }`;
  const heading = html`<span class="muted">Dead letter</span> <code>${id.slice(0, 8)}</code>`;
  return html`<${Page} title=${`Dead letter ${id.slice(0, 8)}`} heading=${heading} tools=${tools}>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!value && !error && html`<${Waiting} what="the dead letter" />`}
    ${
      letter &&
      html`<section class="card hero">
        <p class="headline last"><${Status} status=${letter.status} large /> <b class="cause">${letter.reason}</b></p>
      </section>
      <div class="columns">
        <${Message} letter=${letter} />
        <div><${Facts} letter=${letter} /><${Actions} letter=${letter} /></div>
      </div>
      <${Commands} id=${id} />`
    }
    ${
      action &&
      html`<${LetterAction}
      action=${action}
      target=${{ ids: [id] }}
      onDone=${again}
      onClose=${() => setAction(undefined)}
    />`
    }
  </${Page}>`;
};
