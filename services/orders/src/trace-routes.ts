import { tracesApi, type TraceSpan } from '@order-pipeline/contracts';
import {
  ok,
  readTraceparent,
  routesOf,
  type Route,
  type SpanRecord,
  type Tracer,
} from '@order-pipeline/service-kit';
import { notHere } from './refusals.ts';
import type { OrdersStore } from './store/index.ts';

export interface TraceParts {
  readonly store: Pick<OrdersStore, 'findTraceparent' | 'findKnown'>;
  readonly tracer: Pick<Tracer, 'spansOf'>;
  /** Where a trace is shown, with `{traceId}` in it. */
  readonly traceUrl: string | undefined;
}

const shown = (spans: readonly SpanRecord[]): TraceSpan[] => {
  const sorted = spans.toSorted((a, b) => a.startMs - b.startMs);
  const first = sorted[0]?.startMs ?? 0;
  return sorted.map(({ spanId, parentId, service, name, kind, startMs, endMs, failed, attributes }) => ({
    spanId,
    ...(parentId === undefined ? {} : { parentId }),
    service,
    name,
    kind,
    startedAt: new Date(startMs).toISOString(),
    offsetMs: startMs - first,
    durationMs: endMs - startMs,
    failed,
    attributes: { ...attributes },
  }));
};

/** What operators ask about the traces of orders: the spans are those that this process keeps. */
export const createTraceRoutes = ({ store, tracer, traceUrl }: TraceParts): Route[] =>
  routesOf(tracesApi, {
    getOrderTrace: async ({ params: { orderId } }) => {
      const stored = await store.findTraceparent(orderId);
      if (stored === undefined) {
        const { archived } = await store.findKnown([orderId]);
        return notHere(orderId, archived.get(orderId));
      }
      const traceId = readTraceparent(stored)?.traceId;
      if (traceId === undefined) return ok({ orderId });
      const spans = tracer.spansOf(traceId);
      return ok({
        orderId,
        traceId,
        ...(traceUrl === undefined ? {} : { url: traceUrl.replaceAll('{traceId}', traceId) }),
        ...(spans ? { spans: shown(spans) } : {}),
      });
    },
  });
