import { performance } from 'node:perf_hooks';
import { SECOND_MS } from '@order-pipeline/service-kit';
import { percentile } from '../rounds.ts';
import { createAnswerRecorder, type Answers } from './answers.ts';
import { keepBusy, openConnections } from './connections.ts';
import type { OrderSource } from './orders.ts';

/** How long to go on: for so many orders, or for so long. */
export type Extent = { readonly amount: number } | { readonly durationS: number };

export interface PlacingOptions {
  readonly url: string;
  readonly source: OrderSource;
  readonly connections: number;
  readonly extent: Extent;
  /** The code of the only refusal that is right, if one is. */
  readonly refusal?: string;
  /** The token of a user, where access control is on. */
  readonly tokenOf?: (userId: string) => string | undefined;
}

export interface Placing {
  readonly source: OrderSource;
  readonly answers: Answers;
  /** Orders a second that were answered 201, from the first request to the last answer. */
  readonly rate: number;
  readonly p99Ms: number;
}

/** What placing came to, of which the first request and the last answer are so far apart. */
export const placingOf = (
  source: OrderSource,
  answers: Answers,
  { tookMs, latencies }: { readonly tookMs: number; readonly latencies: readonly number[] },
): Placing => ({
  source,
  answers,
  rate: (answers.placed.length / tookMs) * SECOND_MS,
  p99Ms: percentile(latencies, 99),
});

/** Places orders over connections that are kept alive, each as soon as the one before it is answered. */
export const placeOrders = async (options: PlacingOptions): Promise<Placing> => {
  const { url, source, connections, extent, tokenOf } = options;
  const open = openConnections(url, connections);
  const recorder = createAnswerRecorder(options.refusal);
  const latencies: number[] = [];
  let asked = 0;
  const startedAt = performance.now();
  const goOn = (): boolean =>
    'amount' in extent ? asked < extent.amount : performance.now() - startedAt < extent.durationS * SECOND_MS;
  await keepBusy(connections, goOn, async () => {
    asked += 1;
    const order = source.next();
    const sentAt = performance.now();
    // One without an answer is missing from the recorder.
    const answer = await open.post('/api/orders', { order }, tokenOf?.(order.userId)).catch(() => undefined);
    if (!answer) return;
    latencies.push(performance.now() - sentAt);
    recorder.take(order.orderId, answer.status, answer.body);
  });
  const tookMs = performance.now() - startedAt;
  open.close();
  return placingOf(source, recorder.close(asked), { tookMs, latencies });
};
