import { Copy } from './bits.js';
import { Position } from './position.js';
import { html } from '../ui.js';

/** @import { EventMessage, TraceSpan } from '@order-pipeline/contracts' */
/** @import { Step } from '../lib/lifecycle.js' */

/** @param {{ message: EventMessage, step: Step | undefined, spans: readonly TraceSpan[] }} props */
const Message = ({ message: { topic, key, value, headers }, step, spans }) => {
  const text = JSON.stringify(value, undefined, 2);
  return html`<details class="event">
    <summary>
      <code>${topic}</code> ${step && html`<${Position} spans=${spans} step=${step} />`}
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

/**
 * The messages of an order's events, each with its headers.
 *
 * @param {{ events: readonly EventMessage[] | undefined, steps: readonly Step[], spans: readonly TraceSpan[] }} props
 */
export const OrderEvents = ({ events = [], steps, spans }) =>
  events.length === 0
    ? null
    : html`<section class="card">
        <h2>Events</h2>
        ${events.map((message) => {
          const step = steps.find(({ status }) => status === message.value['status']);
          return html`<${Message} key=${message.topic} message=${message} step=${step} spans=${spans} />`;
        })}
      </section>`;
