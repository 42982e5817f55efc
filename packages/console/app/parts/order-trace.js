import { durationText } from '../lib/time.js';
import { html } from '../ui.js';

/** @import { OrderTrace as Trace, TraceSpan } from '@order-pipeline/contracts' */

/**
 * Spans with how deep each is in the tree, each behind the one that it is part of.
 *
 * @param {readonly TraceSpan[]} spans
 * @returns {{ span: TraceSpan, depth: number }[]}
 */
const inOrder = (spans) => {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  /** @type {(parentId: string | undefined, depth: number) => { span: TraceSpan, depth: number }[]} */
  const under = (parentId, depth) =>
    spans
      .filter((span) => (ids.has(span.parentId ?? '') ? span.parentId : undefined) === parentId)
      .flatMap((span) => [{ span, depth }, ...under(span.spanId, depth + 1)]);
  return under(undefined, 0);
};

/** @param {{ span: TraceSpan, depth: number, totalMs: number }} props */
const Row = ({ span, depth, totalMs }) => {
  const { service, name, offsetMs, durationMs, failed } = span;
  const place = { left: `${(offsetMs / totalMs) * 100}%`, width: `${(durationMs / totalMs) * 100}%` };
  return html`<tr>
    <td style=${{ paddingLeft: `${0.5 + depth}em` }}>
      ${name} <span class="muted">${service}${failed ? ', failed' : ''}</span>
    </td>
    <td class="span-bar" aria-hidden="true"><i class=${failed ? 'failed' : ''} style=${place}></i></td>
    <td class="number">${durationText(durationMs)}</td>
  </tr>`;
};

/** @param {{ spans: readonly TraceSpan[] }} props */
const Spans = ({ spans }) => {
  const totalMs = Math.max(1, ...spans.map(({ offsetMs, durationMs }) => offsetMs + durationMs));
  return html`<table class="plain-table trace">
    <thead>
      <tr>
        <th scope="col">Span</th>
        <th scope="col">When, of ${durationText(totalMs)}</th>
        <th scope="col" class="number">Took</th>
      </tr>
    </thead>
    <tbody>
      ${inOrder(spans).map(
        ({ span, depth }) =>
          html`<${Row} key=${span.spanId} span=${span} depth=${depth} totalMs=${totalMs} />`,
      )}
    </tbody>
  </table>`;
};

/**
 * The trace of an order, where it is recorded.
 *
 * @param {{ trace: Trace | undefined }} props
 */
export const OrderTrace = ({ trace }) => {
  const { traceId, url, spans = [] } = trace ?? {};
  if (traceId === undefined || (url === undefined && spans.length === 0)) return null;
  return html`<section class="card">
    <h2>Trace</h2>
    ${url !== undefined && html`<p><a href=${url} rel="noreferrer">Open it in the viewer</a> <code>${traceId}</code></p>`}
    ${spans.length > 0 && html`<${Spans} spans=${spans} />`}
  </section>`;
};
