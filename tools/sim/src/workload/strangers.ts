import type { NewOrder } from '@order-pipeline/contracts';
import type { Stream } from '../world/streams.ts';
import type { Answer, Request } from './client.ts';
import { ask, requests, type WorkloadContext } from './context.ts';
import type { Tokens } from './tokens.ts';

/** What an owner or operator may ask, and others may not. */
const requestsFor = (order: NewOrder, who: string): readonly Request[] => [
  requests.order(order.orderId, who),
  requests.history(order.orderId, who),
  requests.cancel(order.orderId, who),
  { method: 'POST', path: '/ops/dead-letters/redrive', body: { filter: {}, by: who }, who },
  requests.restock(order.items[0]?.itemId ?? '', 1, undefined, who),
];

const MUST_BE_REFUSED_WITH = new Set([403, 404]);
const NOBODY_KNOWS = new Set([401, 429, 503]);

const judge = (
  { findings }: WorkloadContext,
  order: NewOrder,
  { method, path, who }: Request,
  answer: Answer | undefined,
): void => {
  if (!answer || NOBODY_KNOWS.has(answer.status) || MUST_BE_REFUSED_WITH.has(answer.status)) return;
  const detail = `${who} asked ${method} ${path} of ${order.userId}: ${answer.status} ${JSON.stringify(answer.body)}`;
  findings.add('nobody reads or changes what is not theirs', [order.orderId], detail);
};

/** Somebody else asks for an order, or for what operators may. */
export const trespass = async (
  context: WorkloadContext,
  stream: Stream,
  order: NewOrder,
  who: string,
): Promise<void> => {
  const request = stream.pick(requestsFor(order, who));
  judge(context, order, request, await ask(context, request));
};

/** Somebody orders in the name of another. */
export const orderForAnother = async (
  context: WorkloadContext,
  order: NewOrder,
  who: string,
): Promise<void> => {
  const request = { ...requests.place({ ...order, orderId: `${order.orderId}-for-another` }), who };
  judge(context, order, request, await ask(context, request));
};

/** A user lists orders, and gets their own. */
export const listOwn = async (context: WorkloadContext, who: string): Promise<void> => {
  const answer = await ask(context, { ...requests.orders(), who });
  if (answer?.status !== 200 || !Array.isArray(answer.body)) return;
  for (const { orderId, userId } of answer.body as { orderId: string; userId: string }[])
    if (userId !== who) {
      const detail = `${who} finds an order of ${userId} in the list`;
      context.findings.add('nobody reads or changes what is not theirs', [orderId], detail);
    }
};

/** Whether the gateway has to refuse the token, by its own clock. */
const isExpired = (expiresAt: number, { gatewayClock }: Answer): boolean => {
  const CLOCK_TOLERANCE_MS = 6_000;
  return gatewayClock.least >= expiresAt + CLOCK_TOLERANCE_MS;
};

/** Somebody without a valid token tries to get in. */
export const intrude = async (
  context: WorkloadContext,
  stream: Stream,
  tokens: Tokens,
  order: NewOrder,
): Promise<void> => {
  const request = stream.pick(requestsFor(order, order.userId));
  const expired = tokens.expired();
  const text = stream.pick(['', ...tokens.forged(order.userId), ...(expired ? [expired.text] : [])]);
  const answer = await ask(context, {
    ...request,
    who: undefined,
    headers: { ...request.headers, ...(text === '' ? {} : { authorization: `Bearer ${text}` }) },
  });
  if (!answer || NOBODY_KNOWS.has(answer.status)) return;
  if (text === expired?.text && !isExpired(expired.expiresAt, answer)) return;
  const detail = `${request.method} ${request.path}: ${answer.status} ${JSON.stringify(answer.body)}`;
  context.findings.add('nobody gets in without a valid token', [order.orderId], detail);
};
