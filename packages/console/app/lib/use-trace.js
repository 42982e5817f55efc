import { useBody } from './use-body.js';

/** @import { OrderStatus, OrderTrace, TraceSpan } from '@order-pipeline/contracts' */
/** @import { Step } from './lifecycle.js' */

const REFRESH_MS = 3_000;

/** The trace of an order, as far as it is recorded; nothing for who may not see it. @param {string} orderId */
export const useTrace = (orderId) =>
  /** @type {typeof useBody<OrderTrace>} */ (useBody)(
    `/ops/orders/${encodeURIComponent(orderId)}/trace`,
    REFRESH_MS,
  ).value;

/** The event that announces each status. @type {Readonly<Partial<Record<OrderStatus, string>>>} */
const EVENTS = {
  PENDING: 'ORDER_PLACED',
  PROCESSING: 'ORDER_PROCESSING',
  SHIPPED: 'ORDER_SHIPPED',
  DELIVERED: 'ORDER_DELIVERED',
};

/**
 * Where the event of a status lies in Kafka: as it is kept with the transition that it caused, or as its publisher has reported
 * it, or else as the consumer that processed it has recorded it.
 *
 * @param {readonly TraceSpan[]} spans
 * @param {Pick<Step, 'status' | 'event'>} step
 * @returns {{ topic: string, partition: string, offset: string } | undefined} nothing where nobody has consumed it, or it
 *   moved nothing and its trace is not recorded
 */
export const positionOf = (spans, { status, event }) => {
  if (event) return { ...event, partition: String(event.partition) };
  const topic = EVENTS[status];
  const found = spans.find(
    ({ kind, attributes }) => kind === 'CONSUMER' && attributes['messaging.destination.name'] === topic,
  );
  const partition = found?.attributes['messaging.destination.partition.id'];
  const offset = found?.attributes['messaging.kafka.offset'];
  if (topic === undefined || partition === undefined || offset === undefined) return undefined;
  return { topic, partition: String(partition), offset: String(offset) };
};

/**
 * The id of the request that placed an order, which its answer and its lines in the log have.
 *
 * @param {readonly TraceSpan[]} spans
 * @returns {string | undefined} nothing where the trace is not recorded
 */
export const requestIdOf = (spans) => {
  const request = spans.find(({ kind, attributes }) => kind === 'SERVER' && 'request.id' in attributes);
  return request && String(request.attributes['request.id']);
};
