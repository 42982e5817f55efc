import type { NewOrder, OrderStatus } from '@order-pipeline/contracts';
import { isTerminal } from '../checks/lifecycle.ts';
import type { Stream } from '../world/streams.ts';
import type { Answer } from './client.ts';
import { noteArchived, noteUnlessArchived } from './archived.ts';
import { ARCHIVED, ask, isDecided, type WorkloadContext } from './context.ts';
import { hasStatus, noteMissing } from './customers.ts';

/** An event of a stream. */
interface StreamedStep {
  readonly id: number;
  readonly status: OrderStatus;
}

const MAX_STREAMS = 3;
/** Longer than most orders take. */
const TIMEOUT_MS = 20_000;

/** The events of a stream, in their order (HTML, 9.2.6, as far as ours go). */
export const stepsIn = (text: string): StreamedStep[] =>
  text.split('\n\n').flatMap((block) => {
    const fields = new Map(
      block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
    );
    const data: unknown = JSON.parse(fields.get('data') ?? 'null');
    return fields.get('event') === 'status' && hasStatus(data)
      ? [{ id: Number(fields.get('id')), status: data.status }]
      : [];
  });

/** A table of the simulation's own. */
const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: ['PROCESSING', 'CANCELLED'],
  PROCESSING: ['SHIPPED'],
  SHIPPED: ['DELIVERED'],
  DELIVERED: [],
  CANCELLED: [],
};

/** What a client has of an order: how many steps, and the last. */
export interface Watched {
  readonly count: number;
  readonly last: OrderStatus | undefined;
}

/** What the client has after these steps; or why they do not follow what it had. */
export const follow = (watched: Watched, steps: readonly StreamedStep[]): Watched | string => {
  let { count, last } = watched;
  for (const { id, status } of steps) {
    if (id !== count + 1) return `step ${id} after step ${count}`;
    if (last === undefined ? status !== 'PENDING' : !NEXT[last].includes(status))
      return `${status} after ${last ?? 'nothing'}`;
    count = id;
    last = status;
  }
  return { count, last };
};

const PROMISE = 'a stream of an order has each step once, until the last';

const judge = (context: WorkloadContext, orderId: string, watched: Watched, answer: Answer): Watched => {
  const { findings, model } = context;
  const followed = follow(watched, stepsIn(String(answer.body)));
  if (typeof followed === 'string') {
    findings.add(PROMISE, [orderId], followed);
    return watched;
  }
  const { last } = followed;
  if (last !== undefined) model.observe(orderId, last, answer.askedAt, answer.answeredAt);
  if (!answer.wasStopping && (last === undefined || !isTerminal(last)))
    noteUnlessArchived(context, orderId, answer, {
      promise: PROMISE,
      detail: `it ends after ${last ?? 'nothing'}`,
    });
  return followed;
};

/** Watches an order from its beginning to its end, and continues where a stream was broken off. */
export const watchOrder = async (
  context: WorkloadContext,
  stream: Stream,
  { orderId, userId }: NewOrder,
): Promise<void> => {
  let watched: Watched = { count: 0, last: undefined };
  for (let streams = 0; streams < MAX_STREAMS; streams += 1) {
    const answer = await ask(context, {
      method: 'GET',
      path: `/api/orders/${orderId}/events`,
      headers: watched.count === 0 ? {} : { 'last-event-id': String(watched.count) },
      who: userId,
      timeoutMs: TIMEOUT_MS,
    });
    if (isDecided(answer)) {
      if (answer.status === 404) return noteMissing(context, orderId, answer);
      if (answer.status === ARCHIVED) return noteArchived(context, orderId, answer);
      if (answer.status === 204) return;
      watched = judge(context, orderId, watched, answer);
    }
    if (watched.last !== undefined && isTerminal(watched.last)) return;
    await context.world.time.sleep(stream.between(100, 2_000));
  }
};
