import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { SECOND_MS } from '@order-pipeline/service-kit';
import { createAnswerRecorder } from './answers.ts';
import { openConnections } from './connections.ts';
import type { OrderSource } from './orders.ts';
import { placingOf, type Placing } from './place.ts';

export interface PacedOptions {
  readonly url: string;
  readonly source: OrderSource;
  readonly connections: number;
  readonly amount: number;
  readonly ratePerS: number;
}

/**
 * Places orders at an even pace, whether or not those before are answered; the time of each runs from the moment that it
 * was due.
 */
export const placePaced = async ({
  url,
  source,
  connections,
  amount,
  ratePerS,
}: PacedOptions): Promise<Placing> => {
  const open = openConnections(url, connections);
  const recorder = createAnswerRecorder();
  const latencies: number[] = [];
  const place = async (dueAt: number): Promise<void> => {
    const order = source.next();
    // A timer may fire a moment early.
    const startedAt = Math.min(dueAt, performance.now());
    const { status, body } = await open.post('/api/orders', { order });
    latencies.push(performance.now() - startedAt);
    recorder.take(order.orderId, status, body);
  };
  const firstAt = performance.now();
  const answering: Promise<void>[] = [];
  while (answering.length < amount) {
    const dueAt = firstAt + (answering.length / ratePerS) * SECOND_MS;
    if (dueAt > performance.now()) await pause(dueAt - performance.now());
    // One without an answer is missing from the recorder.
    answering.push(place(dueAt).catch(() => undefined));
  }
  await Promise.all(answering);
  const tookMs = performance.now() - firstAt;
  open.close();
  return placingOf(source, recorder.close(amount), { tookMs, latencies });
};
