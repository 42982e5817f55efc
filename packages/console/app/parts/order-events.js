import { Copy } from './bits.js';
import { html } from '../ui.js';

/** @import { EventMessage } from '@order-pipeline/contracts' */

/** @param {{ message: EventMessage }} props */
const Message = ({ message: { topic, partition, offset, key, value, headers } }) => {
  const text = JSON.stringify(value, undefined, 2);
  return html`<details class="event">
    <summary>
      <code>${topic}</code>
      ${offset !== undefined && html`<span class="muted">partition ${partition}, offset ${offset}</span>`}
    </summary>
    <table class="plain-table headers">
      <tbody>
        <tr><th scope="row">key</th><td><code>${key}</code></td></tr>
        ${Object.entries(headers).map(
          ([name, content]) =>
            html`<tr key=${name}><th scope="row"><code>${name}</code></th><td><code>${content}</code></td></tr>`,
        )}
      </tbody>
    </table>
    <pre tabindex="0" aria-label=${`Value of ${topic}`}>${text}</pre>
    <${Copy} text=${text} label="Copy the value" quiet />
  </details>`;
};

/** The messages of an order's events, each with its headers. @param {{ events: readonly EventMessage[] | undefined }} props */
export const OrderEvents = ({ events = [] }) =>
  events.length === 0
    ? null
    : html`<section class="card">
        <h2>Events</h2>
        ${events.map((message) => html`<${Message} key=${message.topic} message=${message} />`)}
      </section>`;
