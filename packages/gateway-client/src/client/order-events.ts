import { orderEventsApi, type HistoryEntry } from '@order-pipeline/contracts';
import { sleep, type Runtime } from '@order-pipeline/service-kit';
import { eventsIn } from './event-text.ts';
import type { Requests } from './requests.ts';

const RETRY_MS = 1_000;

/**
 * The steps of an order, each once and as it is taken, until the order is DELIVERED or CANCELLED. A connection that is lost is
 * made again behind the last step that came.
 */
export const followOrder = async function* (
  requests: Requests,
  runtime: Pick<Runtime, 'after' | 'random'>,
  orderId: string,
  signal?: AbortSignal,
): AsyncGenerator<HistoryEntry> {
  let lastId: string | undefined;
  let retryMs = RETRY_MS;
  // The caller may leave at any step: the connection is not kept then.
  const leaving = new AbortController();
  const both = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal;
  try {
    for (;;) {
      const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
      const { response } = await requests.open(
        orderEventsApi.watchOrder,
        { params: { orderId } },
        { signal: both, headers },
      );
      if (response.status === 204 || !response.body) return;
      try {
        for await (const event of eventsIn(response.body)) {
          retryMs = event.retryMs ?? retryMs;
          if (event.data === '') continue;
          lastId = event.id ?? lastId;
          yield JSON.parse(event.data) as HistoryEntry;
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof TypeError)) throw error;
        // The connection was lost; it is made again below.
      }
      await sleep(runtime, retryMs * (0.5 + runtime.random()), both);
      signal?.throwIfAborted();
    }
  } finally {
    leaving.abort();
  }
};
