import { ORDER_STATUSES, type NewOrder, type OrderStatus } from '@order-pipeline/contracts';
import { SECOND_MS } from '@order-pipeline/service-kit';
import { isTerminal } from '../checks/lifecycle.ts';
import type { Stream } from '../world/streams.ts';
import type { Answer, Request } from './client.ts';
import { noteArchived } from './archived.ts';
import { ARCHIVED, ask, isDecided, requests, type WorkloadContext } from './context.ts';
import { hasStatus, noteMissing } from './customers.ts';

/** What a client waits for. */
export interface Wish {
  readonly orderId: string;
  readonly waitS: number;
  readonly until: OrderStatus | undefined;
  /** The status that it knows already. */
  readonly known: OrderStatus | undefined;
}

/** A gateway reads the order before and after the wait, and gives each up after less than two seconds. */
const READS_MS = 2 * 1_900 + 500;
const TIMEOUT_AFTER_MS = 8_000;

/** What becomes of an order that nobody cancels: a table of the simulation's own. */
const COURSE: readonly OrderStatus[] = ['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED'];

/** Whether an order in this status is what is waited for, or can no longer become it. */
const isSettled = ({ until, known }: Wish, status: OrderStatus): boolean => {
  if (until === undefined) return status !== known;
  if (until === 'CANCELLED') return status !== 'PENDING';
  return status === 'CANCELLED' || COURSE.indexOf(status) >= COURSE.indexOf(until);
};

const requestOf = ({ orderId, waitS, until, known }: Wish, who: string): Request => {
  const { path, ...rest } = requests.order(orderId, who);
  return {
    ...rest,
    path: until === undefined ? path : `${path}?until=${until}`,
    headers: {
      prefer: `wait=${waitS}`,
      ...(known === undefined ? {} : { 'if-none-match': `"${known}"` }),
    },
    timeoutMs: waitS * SECOND_MS + TIMEOUT_AFTER_MS,
  };
};

/** The status that an answer tells: 304 stands for the one that is known. */
const statusIn = ({ status, body }: Answer, { known }: Wish): OrderStatus | undefined => {
  if (status === 304) return known;
  return status === 200 && hasStatus(body) ? body.status : undefined;
};

/** Why the answer to one who waits is not right, if it is not. */
export const wrongIn = (wish: Wish, answer: Answer): string | undefined => {
  const limitMs = wish.waitS * SECOND_MS;
  const { servedMs = limitMs, headers, wasStopping } = answer;
  if (servedMs > limitMs + READS_MS) return `answered after ${servedMs} ms`;
  const status = statusIn(answer, wish);
  if (status === undefined) return `answered ${answer.status}`;
  if (headers['etag'] !== `"${status}"`) return `${status} has the ETag ${String(headers['etag'])}`;
  if (headers['preference-applied'] === undefined)
    return wasStopping ? undefined : 'sent away by a gateway that keeps running';
  return isSettled(wish, status) || servedMs >= limitMs ? undefined : `${status} after ${servedMs} ms`;
};

/** Waits once; answers the status that it saw. */
const waitOnce = async (
  context: WorkloadContext,
  { userId }: NewOrder,
  wish: Wish,
): Promise<OrderStatus | undefined> => {
  const answer = await ask(context, requestOf(wish, userId));
  if (!isDecided(answer)) return undefined;
  if (answer.status === 404) noteMissing(context, wish.orderId, answer);
  else if (answer.status === ARCHIVED) noteArchived(context, wish.orderId, answer);
  else {
    const wrong = wrongIn(wish, answer);
    const detail = `${wish.until ?? `not ${wish.known}`} for ${wish.waitS} s: ${wrong}`;
    if (wrong !== undefined)
      context.findings.add('who waits is answered rightly and in time', [wish.orderId], detail);
  }
  const status = statusIn(answer, wish);
  if (status !== undefined) context.model.observe(wish.orderId, status, answer.askedAt, answer.answeredAt);
  return status;
};

const MAX_WAIT_S = 25;
const MAX_WAITS = 3;

/** Waits for each change of an order, or until it is in some status, again and again. */
export const waitForOrder = async (
  context: WorkloadContext,
  stream: Stream,
  order: NewOrder,
): Promise<void> => {
  const until = stream.chance(0.5) ? stream.pick(ORDER_STATUSES) : undefined;
  let known: OrderStatus | undefined;
  for (let waits = 0; waits < MAX_WAITS && (known === undefined || !isTerminal(known)); waits += 1) {
    const waitS = stream.integer(1, MAX_WAIT_S);
    known = (await waitOnce(context, order, { orderId: order.orderId, waitS, until, known })) ?? known;
    await context.world.time.sleep(stream.between(10, 500));
  }
};
