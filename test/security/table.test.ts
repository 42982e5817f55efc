import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  DECLARED_OPERATIONS,
  OPERATOR_SCOPES,
  SCOPES,
  type Access,
  type ErrorBody,
  type Operation,
  type Scope,
} from '@order-pipeline/contracts';
import { unique, type Answer } from '../gateway.ts';
import { OPERATOR_TOKEN, startSecuredSystem, type SecuredSystem } from './secured-system.ts';

/** What the rows of one run are called. */
interface Rows {
  /** The user whose rows they are. */
  readonly owner: string;
  readonly itemId: string;
  readonly orderId: string;
}

/** How each operation is asked for the owner's rows. One that is missing here fails the test. */
const ASKED: Readonly<Record<string, (rows: Rows) => { readonly path: string; readonly body?: object }>> = {
  registerUser: ({ owner }) => ({
    path: '/api/users',
    body: { userId: owner, name: 'Sriram', email: 'sriram@example.com' },
  }),
  getUser: ({ owner }) => ({ path: `/api/users/${owner}` }),
  eraseUser: ({ owner }) => ({ path: `/api/users/${owner}/erase` }),
  exportUser: ({ owner }) => ({ path: `/api/users/${owner}/export` }),
  addItem: () => ({
    path: '/api/inventory',
    body: { itemId: unique('item'), itemName: 'Laptop', availableQty: 1 },
  }),
  listItems: () => ({ path: '/api/inventory?limit=1' }),
  getItem: ({ itemId }) => ({ path: `/api/inventory/${itemId}` }),
  restockItem: ({ itemId }) => ({ path: `/api/inventory/${itemId}/restock`, body: { quantity: 1 } }),
  placeOrder: ({ owner, itemId }) => ({
    path: '/api/orders',
    body: { order: { orderId: unique('order'), userId: owner, items: [{ itemId, quantity: 1 }] } },
  }),
  listOrders: () => ({ path: '/api/orders?limit=1000' }),
  listOrdersOfUser: ({ owner }) => ({ path: `/api/orders/user/${owner}` }),
  getOrder: ({ orderId }) => ({ path: `/api/orders/${orderId}` }),
  getOrderHistory: ({ orderId }) => ({ path: `/api/orders/${orderId}/history` }),
  watchOrder: ({ orderId }) => ({ path: `/api/orders/${orderId}/events` }),
  cancelOrder: ({ orderId }) => ({ path: `/api/orders/${orderId}/cancel` }),
  listDeadLetters: () => ({ path: '/ops/dead-letters' }),
  getDeadLetter: () => ({ path: '/ops/dead-letters/none' }),
  redriveDeadLetter: () => ({ path: '/ops/dead-letters/none/redrive', body: { by: 'ann' } }),
  redriveDeadLetters: () => ({ path: '/ops/dead-letters/redrive', body: { filter: {}, by: 'ann' } }),
  discardDeadLetter: () => ({ path: '/ops/dead-letters/none/discard', body: { by: 'ann', note: 'n' } }),
  discardDeadLetters: () => ({
    path: '/ops/dead-letters/discard',
    body: { filter: {}, by: 'ann', note: 'n' },
  }),
  listStuckOrders: () => ({ path: '/ops/stuck-orders' }),
  searchOrders: () => ({ path: '/ops/orders' }),
  inspectOrder: ({ orderId }) => ({ path: `/ops/orders/${orderId}` }),
  inspectItem: ({ itemId }) => ({ path: `/ops/items/${itemId}` }),
  getOrderTrace: ({ orderId }) => ({ path: `/ops/orders/${orderId}/trace` }),
  getOverview: () => ({ path: '/ops/overview' }),
  watchOverview: () => ({ path: '/ops/events' }),
  listActions: () => ({ path: '/ops/actions' }),
  getAudit: () => ({ path: '/ops/audit' }),
  startAudit: () => ({ path: '/ops/audit' }),
  getSandbox: () => ({ path: '/ops/sandbox' }),
  renewSandbox: () => ({ path: '/ops/sandbox/lease' }),
  placeSamples: () => ({ path: '/ops/sandbox/workload', body: { perSecond: 0 } }),
  switchFault: () => ({ path: '/ops/sandbox/faults', body: { fault: 'BROKER_DOWN', on: false } }),
};

/** Somebody who asks. */
interface Caller {
  readonly name: string;
  readonly token?: string;
  /** Whose token it is; nobody's, for the one that operators share. */
  readonly userId?: string;
  /** Nothing, for one who proves nothing. */
  readonly scopes?: readonly Scope[];
}

type Answered = Pick<Answer, 'status' | 'body'>;
type Expected = 'ADMITTED' | 401 | 403 | 404;

let secured: SecuredSystem;
let rows: Rows;
/** Whose rows are asked for; another's where they are erased. */
let erasable: string;
const STRANGER = unique('stranger');

beforeAll(async () => {
  secured = await startSecuredSystem({ environment: { WORKFLOW_INTERVAL_MS: '60000' } });
  rows = { owner: unique('owner'), itemId: unique('item'), orderId: unique('order') };
  erasable = unique('erasable');
  const shop = await secured.as('shop', 'users:write.any', 'catalog:write', 'orders:write.any');
  for (const userId of [rows.owner, erasable, STRANGER]) await shop.addUser(userId);
  await shop.addItem(rows.itemId, 1_000);
  await shop.place(rows.orderId, rows.owner, { [rows.itemId]: 1 });
}, 60_000);

/** Everybody who may ask, beside the owner of the rows. */
const callersBeside = async (owner: string): Promise<Caller[]> => {
  const good = await secured.tokenFor(owner, ...SCOPES);
  const [head, body] = good.split('.');
  const callers: Caller[] = [
    { name: 'nobody' },
    { name: 'a forged token', token: `${head}.${body}.${'A'.repeat(86)}` },
    { name: "the operators' token", token: OPERATOR_TOKEN, scopes: OPERATOR_SCOPES },
  ];
  for (const [who, userId] of [
    ['the owner', owner],
    ['a stranger', STRANGER],
  ] as const) {
    callers.push({
      name: `${who} without a scope`,
      token: await secured.tokenFor(userId),
      userId,
      scopes: [],
    });
    for (const scope of SCOPES)
      callers.push({
        name: `${who} with ${scope}`,
        token: await secured.tokenFor(userId, scope),
        userId,
        scopes: [scope],
      });
  }
  return callers;
};

afterAll(() => secured?.stop());

/** By the declaration, read once more here, so that the code that reads it elsewhere is not tested by itself. */
const expectedOf = (access: Access, owner: string, { userId, scopes }: Caller): Expected => {
  if (!scopes) return 401;
  if (access.kind === 'authenticated') return 'ADMITTED';
  if (access.kind === 'services') return 404;
  if (access.kind === 'scope') return scopes.includes(access.scope) ? 'ADMITTED' : 403;
  if (scopes.includes(access.any)) return 'ADMITTED';
  if (userId === undefined || (access.scope !== undefined && !scopes.includes(access.scope))) return 403;
  if (access.foreign === 'NARROWED' || userId === owner) return 'ADMITTED';
  return access.foreign === 'FORBIDDEN' ? 403 : 404;
};

/** What is asked of a dead letter that is not there says so to those who may know. */
const outcomeOf = ({ status, body }: Answered): Expected => {
  const { code } = body as ErrorBody;
  const isRefused = [401, 403, 404].includes(status) && code !== 'DEAD_LETTER_NOT_FOUND';
  return isRefused ? (status as 401) : 'ADMITTED';
};

/** Asks, and of a stream reads no more than that it begins. */
const send = async (
  { method, streams }: Operation,
  { path, body }: { readonly path: string; readonly body?: object },
  { token }: Caller,
): Promise<Answered> => {
  const response = await fetch(secured.url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { status } = response;
  if (!streams || !response.ok) return { status, body: await response.json() };
  await response.body?.cancel();
  return { status, body: {} };
};

/** Whose rows a list has, for one who is admitted. */
const checkList = (access: Access, { body }: Answered, { userId, scopes = [] }: Caller): void => {
  if (access.kind !== 'own' || access.foreign !== 'NARROWED') return;
  const owners = new Set((body as { userId: string }[]).map((row) => row.userId));
  if (scopes.includes(access.any)) expect([...owners]).toContain(rows.owner);
  else expect([...owners].filter((owner) => owner !== userId)).toEqual([]);
};

/** Which fields an answer has, for one who is admitted. */
const checkFields = (access: Access, { body }: Answered, { name, scopes = [] }: Caller): void => {
  if (access.kind !== 'authenticated') return;
  for (const row of [body].flat() as object[])
    for (const [field, shownTo] of Object.entries(access.fields ?? {}))
      expect([name, field in row]).toEqual([name, shownTo.some((scope) => scopes.includes(scope))]);
};

test.each(Object.entries(DECLARED_OPERATIONS))(
  '%s is answered to every kind of caller as the table says',
  async (name, operation) => {
    const { access } = operation;
    const ask = ASKED[name];
    if (!ask) throw new Error(`say here how ${name} is asked`);
    const asked = name === 'eraseUser' ? { ...rows, owner: erasable } : rows;
    for (const caller of await callersBeside(asked.owner)) {
      const answer = await send(operation, ask(asked), caller);
      const expected = expectedOf(access, asked.owner, caller);
      expect([caller.name, outcomeOf(answer)]).toEqual([caller.name, expected]);
      expect(answer.status).toBeLessThan(500);
      if (expected !== 'ADMITTED') continue;
      checkList(access, answer, caller);
      checkFields(access, answer, caller);
    }
  },
);
