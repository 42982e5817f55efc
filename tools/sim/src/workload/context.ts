import type { NewItem, NewOrder, User } from '@order-pipeline/contracts';
import type { Findings } from '../findings.ts';
import type { Stream } from '../world/streams.ts';
import type { World } from '../world/world.ts';
import type { Answer, Client, Request } from './client.ts';
import type { Model } from './model.ts';
import type { Tokens } from './tokens.ts';

/** What every script of a client has at hand. */
export interface WorkloadContext {
  readonly world: World;
  readonly client: Client;
  readonly model: Model;
  readonly findings: Findings;
  /** Where access control is on. */
  readonly tokens: Tokens | undefined;
  /** Whether orders are archived meanwhile. */
  readonly hasArchive: boolean;
  /** Whether no clock was set so far that an idempotency key may have expired. */
  readonly areKeysKept: () => boolean;
}

/** 401: by the clock of the gateway the token is not valid now. */
const UNDECIDED = new Set([401, 429, 503]);

/** Whether the answer says what came of the request. */
export const isDecided = (answer: Answer | undefined): answer is Answer =>
  answer !== undefined && !UNDECIDED.has(answer.status);

const KNOWN_STATUSES = new Set([200, 201, 204, 304, 400, 404, 409, 413, 429, 503]);

const STATUSES_OF_ACCESS = new Set([401, 403]);
export const ARCHIVED = 410;

const isKnown = ({ tokens, hasArchive }: WorkloadContext, { status }: Answer): boolean =>
  KNOWN_STATUSES.has(status) ||
  (hasArchive && status === ARCHIVED) ||
  (tokens !== undefined && STATUSES_OF_ACCESS.has(status));

/** A token is refused only where it has expired by the clock of the gateway. */
const isRefusedRightly = ({ tokenExpiresAt, gatewayClock }: Answer): boolean =>
  tokenExpiresAt === undefined || gatewayClock.most >= tokenExpiresAt;

/** Asks once. */
export const ask = async (context: WorkloadContext, request: Request): Promise<Answer | undefined> => {
  const { client, findings } = context;
  const answer = await client(request);
  if (answer && !isKnown(context, answer)) {
    const detail = `${request.method} ${request.path} was answered ${answer.status} ${JSON.stringify(answer.body)}`;
    findings.add('no request is answered with a failure of our own', [request.path], detail);
  }
  if (answer?.status === 401 && !isRefusedRightly(answer))
    findings.add('a valid token is taken', [request.path], JSON.stringify(answer.body));
  if (answer?.status === 503 && answer.headers['retry-after'] === undefined)
    findings.add('a 503 says when to come again', [request.path], JSON.stringify(answer.body));
  return answer;
};

/** Asks up to `tries` times, until the answer says what came of it. */
export const callUntilDecided = async (
  context: WorkloadContext,
  stream: Stream,
  request: Request,
  tries: number,
): Promise<{ answer: Answer | undefined; wasOpen: boolean }> => {
  let wasOpen = false;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask(context, request);
    if (isDecided(answer)) return { answer, wasOpen };
    wasOpen = true;
    if (attempt >= tries) return { answer: undefined, wasOpen };
    await context.world.time.sleep(stream.between(100, 3_000));
  }
};

export const requests = {
  addUser: (body: User): Request => ({ method: 'POST', path: '/api/users', body, who: body.userId }),
  addItem: (body: NewItem): Request => ({ method: 'POST', path: '/api/inventory', body, who: 'clerk' }),
  restock: (itemId: string, quantity: number, key?: string, who = 'clerk'): Request => ({
    method: 'POST',
    path: `/api/inventory/${itemId}/restock`,
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
    body: { quantity },
    who,
  }),
  place: (order: NewOrder): Request => ({
    method: 'POST',
    path: '/api/orders',
    body: { order },
    who: order.userId,
  }),
  cancel: (orderId: string, who: string): Request => ({
    method: 'POST',
    path: `/api/orders/${orderId}/cancel`,
    who,
  }),
  order: (orderId: string, who: string): Request => ({ method: 'GET', path: `/api/orders/${orderId}`, who }),
  history: (orderId: string, who: string): Request => ({
    method: 'GET',
    path: `/api/orders/${orderId}/history`,
    who,
  }),
  orders: (): Request => ({ method: 'GET', path: '/api/orders?limit=1000', who: 'auditor' }),
} as const;

/** The code that a refusal has. */
export const codeOf = ({ body }: Answer): string =>
  typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : '';
