import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { SERVICE_NAMES, type OrderTrace } from '@order-pipeline/contracts';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import getPort from 'get-port';
import { request } from 'undici';
import { linesOf, treeOf, WAY } from '../system/trace-tree.ts';
import type { Stack } from './stack.ts';
import { askJaeger, imagesReady, type JaegerSpan } from './jaeger.ts';
import { setUpLoad } from './load.ts';

const WAIT = { timeoutMs: 2 * MINUTE_MS };

/** Where Jaeger is, and the settings of Docker Compose for it. */
export interface Viewer {
  readonly url: string;
  /** What operators show the gateway. */
  readonly operatorToken: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Every order is traced from the start, also while nobody takes the spans. */
export const prepareViewer = async (): Promise<Viewer> => {
  const port = String(await getPort({ host: '127.0.0.1' }));
  const url = `http://127.0.0.1:${port}`;
  const operatorToken = randomBytes(16).toString('hex');
  return {
    url,
    operatorToken,
    settings: {
      OPERATOR_TOKEN: operatorToken,
      JAEGER_PORT: port,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4318',
      TRACE_URL: `${url}/trace/{traceId}`,
    },
  };
};

/** What is done for several orders at once. */
const BATCHED = /^(?:place order|publish|process)/;

/**
 * Jaeger beside the system, which has worked without it so far: the traces of orders, as it answers them.
 *
 * @param parts the system that runs, started with the settings of `viewer`
 */
export const defineTraceTests = (parts: () => Stack & { readonly viewer: Viewer }): void => {
  /** The spans of an order, found by its id. */
  const traceOf = async (orderId: string): Promise<JaegerSpan[]> => {
    const found = await askJaeger(parts().viewer.url).find('orders', { 'order.id': orderId });
    return found.find((spans) => spans.some(({ name }) => name === 'place order')) ?? [];
  };

  /** Its way from the gateway to its delivery, each span under its parent. */
  const wholeTraceOf = (orderId: string): Promise<JaegerSpan[]> =>
    eventually(async () => {
      const spans = await traceOf(orderId);
      expect(treeOf(spans)).toEqual(linesOf(WAY));
      return spans;
    }, WAIT);

  test(
    'Jaeger finds the trace of an order by its id and by its trace id, with every service under its name',
    async () => {
      const { compose, gateway, viewer } = parts();
      await imagesReady();
      await compose.run('--profile', 'traces', 'up', '--wait', '--no-recreate', 'jaeger');
      const jaeger = askJaeger(viewer.url);
      const { place, allDelivered } = await setUpLoad(gateway);
      const orderIds = await place(1);
      await allDelivered(orderIds);
      const [orderId = ''] = orderIds;
      const spans = await wholeTraceOf(orderId);
      expect(await jaeger.trace(spans[0]?.traceId ?? '')).toHaveLength(spans.length);
      const { body, statusCode } = await request(`${compose.url}/ops/orders/${orderId}/trace`, {
        headers: { authorization: `Bearer ${viewer.operatorToken}` },
      });
      expect([statusCode, ((await body.json()) as OrderTrace).url]).toEqual([
        200,
        `${viewer.url}/trace/${spans[0]?.traceId}`,
      ]);
      await eventually(async () =>
        expect(await jaeger.services()).toEqual(expect.arrayContaining([...SERVICE_NAMES])),
      );
    },
    4 * MINUTE_MS,
  );

  test(
    'orders that were placed together have a trace each, and what was done for all of them is linked both ways',
    async () => {
      const { gateway, viewer } = parts();
      const jaeger = askJaeger(viewer.url);
      const { place, allDelivered } = await setUpLoad(gateway);
      const orderIds = await place(20);
      await allDelivered(orderIds);
      const traces = await Promise.all(orderIds.map(wholeTraceOf));
      expect(new Set(traces.map(([span]) => span?.traceId)).size).toBe(orderIds.length);
      for (const span of traces[0]?.filter(({ name }) => BATCHED.test(name)) ?? [])
        await eventually(async () => {
          const batch = await jaeger.trace(span.links[0]?.traceId ?? '');
          const linked = batch.find(({ spanId }) => spanId === span.links[0]?.spanId);
          expect(linked).toMatchObject({ service: span.service, parentId: undefined });
          expect(linked?.links.map(({ spanId }) => spanId)).toContain(span.spanId);
        }, WAIT);
    },
    4 * MINUTE_MS,
  );

  test(
    'an order whose workers are killed on the way continues in its own trace',
    async () => {
      const { compose, gateway } = parts();
      const { place, allReach, allDelivered } = await setUpLoad(gateway);
      // They take nothing any more, and die with what has come to them.
      for (const worker of ['workflow', 'shipping']) await compose.run('kill', '--signal', 'SIGSTOP', worker);
      const orderIds = await place(3);
      const revive = async (worker: string): Promise<void> => {
        await compose.run('kill', '--signal', 'SIGKILL', worker);
        await compose.run('up', '--detach', '--no-recreate', '--no-deps', worker);
      };
      await revive('workflow');
      await allReach(orderIds, 'PROCESSING');
      await revive('shipping');
      await allDelivered(orderIds);
      const expectOneTrace = async (orderId: string): Promise<void> => {
        const spans = await traceOf(orderId);
        const ids = new Set(spans.map(({ spanId }) => spanId));
        const roots = spans.filter(({ parentId }) => parentId === undefined || !ids.has(parentId));
        expect(roots).toMatchObject([{ service: 'api-gateway', name: 'POST /api/orders' }]);
        // What took long was published again, so that some of them may be there twice.
        expect(treeOf(spans).map((line) => line.trim())).toEqual(
          expect.arrayContaining(linesOf(WAY).map((line) => line.trim())),
        );
      };
      await Promise.all(orderIds.map((orderId) => eventually(() => expectOneTrace(orderId), WAIT)));
    },
    6 * MINUTE_MS,
  );
};
