import { isReportOver } from '../lib/lifecycle.js';
import { positionOf } from '../lib/use-trace.js';
import { html } from '../ui.js';

/** @import { TraceSpan } from '@order-pipeline/contracts' */
/** @import { Step } from '../lib/lifecycle.js' */

const NOT_REPORTED =
  'The process that published ORDER_DELIVERED ended before it had reported where the event stands. It is in Kafka, with the id of the order as its key.';

/**
 * Where the event of a step lies in its topic.
 *
 * @param {{ spans: readonly TraceSpan[], step: Step, unknown?: string }} props unknown: what to show while it is not known
 */
export const Position = ({ spans, step, unknown = '' }) => {
  const at = positionOf(spans, step);
  if (!at && step.status === 'DELIVERED' && isReportOver(step.at))
    return html`<span class="muted" title=${NOT_REPORTED}>not reported</span>`;
  return html`<span class="muted">${at ? `partition ${at.partition}, offset ${at.offset}` : unknown}</span>`;
};
