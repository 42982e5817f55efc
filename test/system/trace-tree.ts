import type { CollectedSpan } from '@order-pipeline/testing';

/** What of a span says where it belongs. */
export type TreeSpan = Pick<CollectedSpan, 'service' | 'spanId' | 'parentId' | 'name' | 'failed'>;

/** A tree of spans as lines: the service, the name, and those that are part of it, indented. */
export const treeOf = (spans: readonly TreeSpan[], parentId?: string, depth = 0): string[] =>
  spans
    .filter((span) => span.parentId === parentId)
    .toSorted((a, b) => (a.service + a.name < b.service + b.name ? -1 : 1))
    .flatMap(({ service, name, spanId, failed }) => [
      `${' '.repeat(depth)}${service}: ${name}${failed ? ' failed' : ''}`,
      ...treeOf(spans, spanId, depth + 1),
    ]);

/** The spans of placing an order. */
export const PLACING = `
api-gateway: POST /api/orders
 orders-facade: POST /api/orders
  orders: POST /api/orders
   orders: place order
    orders: publish ORDER_PLACED`;

const SHIPPING = `shipping: process ORDER_PROCESSING
 shipping: publish ORDER_SHIPPED
  delivery: process ORDER_SHIPPED
   delivery: publish ORDER_DELIVERED
  inventory: process ORDER_SHIPPED`;

/** The spans from the message that ships an order on, so many levels deep. */
export const shippingAt = (depth: number): string => SHIPPING.replaceAll(/^/gm, ' '.repeat(depth));

/** The spans of an order, from the gateway to its delivery. */
export const WAY = `${PLACING}
     workflow: process ORDER_PLACED
      workflow: publish ORDER_PROCESSING
${shippingAt(7)}`;

/** Those of one that became a dead letter when it was shipped, and was redriven. */
export const REDRIVEN_WAY = `${PLACING}
     workflow: process ORDER_PLACED
      workflow: publish ORDER_PROCESSING
       shipping: process ORDER_PROCESSING failed
        orders: redrive ORDER_PROCESSING
${shippingAt(9)}`;

export const linesOf = (tree: string): string[] => tree.trim().split('\n');

export const spanNamed = (spans: readonly CollectedSpan[], service: string, name: string): CollectedSpan => {
  const span = spans.find((one) => one.service === service && one.name === name);
  if (!span) throw new Error(`there is no span ${name} of ${service}`);
  return span;
};
