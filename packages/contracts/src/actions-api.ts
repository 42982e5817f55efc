import { Type } from 'typebox';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import { defineOperation, OPERATORS_READ, serviceCall } from './operation.ts';
import { ACTION_ID } from './patterns.ts';
import { Id, MAX_BATCH, PageQuery, Strict, Text, Timestamp } from './schemas.ts';
import { DATABASE_NAMES, type DatabaseName } from './service-names.ts';

/** What is recorded of those who change what is not their own. */
export const ACTION_NAMES = [
  'REDRIVE_DEAD_LETTER',
  'DISCARD_DEAD_LETTER',
  'ADD_ITEM',
  'RESTOCK_ITEM',
  'CANCEL_ORDER',
  'ERASE_USER',
] as const;
export type ActionName = (typeof ACTION_NAMES)[number];

/** How it is known who did it. NAMED: they said so themselves, with the OPERATOR_TOKEN or where nobody is asked. */
export const ACTION_PROOFS = ['TOKEN', 'NAMED'] as const;
export type ActionProof = (typeof ACTION_PROOFS)[number];

/** Something that an operator did. */
export const OperatorAction = Strict({
  actionId: Type.String({ description: 'Sorts by the time' }),
  at: Timestamp('When'),
  service: Type.Enum([...DATABASE_NAMES], { type: 'string', description: 'The service that keeps it' }),
  action: Type.Enum([...ACTION_NAMES], { type: 'string' }),
  target: Type.String({ description: 'The id of what it was done to' }),
  by: Type.String({ description: 'Who did it' }),
  proof: Type.Enum([...ACTION_PROOFS], {
    type: 'string',
    description: 'TOKEN: an access token says who; NAMED: they said so themselves',
  }),
  reason: Type.Optional(Type.String({ description: 'Why, as far as they said' })),
  requestId: Type.String({ description: 'The `x-request-id` of the request' }),
});
export type OperatorAction = Type.Static<typeof OperatorAction>;

const searchFields = {
  action: Type.Optional(Type.Enum([...ACTION_NAMES], { type: 'string', description: 'What was done' })),
  by: Type.Optional(Text('Who did it', 'ann')),
  target: Type.Optional(Id('The id of what it was done to', 'order-1')),
};

const ActionCursor = Type.Optional(
  Type.String({ pattern: ACTION_ID, description: 'The last action of the page before' }),
);

const exampleAction = {
  actionId: '019b7a3c2f00-6fe1d0a19c3b-0',
  at: '2026-01-01T12:30:00.000Z',
  service: 'orders',
  action: 'CANCEL_ORDER',
  target: 'order-1',
  by: 'ann',
  proof: 'TOKEN',
  reason: 'the customer called',
  requestId: '0f8fad5b-d9cb-469f-a165-70867728950e',
};

/** What operators ask about what operators did. */
export const actionsApi = {
  listActions: defineOperation({
    owner: 'orders-facade',
    ...OPERATORS_READ,
    path: '/ops/actions',
    summary: 'List operator actions',
    description: 'What operators did, newest first.',
    query: Strict({ ...searchFields, limit: PageQuery.limit, cursor: ActionCursor }),
    reply: Type.Array(OperatorAction),
    errors: [],
    paged: true,
    exampleReply: [exampleAction],
  }),
} as const;

/** What the facade asks each service that keeps some of them. */
const ofService = <D extends DatabaseName>(owner: D) =>
  defineOperation({
    owner,
    ...serviceCall('orders-facade'),
    path: `/internal/${owner}/actions/find`,
    summary: 'Find operator actions',
    description: `Those that the ${owner} service stores, newest first.`,
    body: Strict({
      ...searchFields,
      before: ActionCursor,
      limit: Type.Integer({ minimum: 1, maximum: MAX_BATCH + 1 }),
    }),
    bodyLimitBytes: BODY_LIMIT_BYTES.form,
    reply: Strict({ actions: Type.Array(OperatorAction) }),
  });

export const serviceActionsApi = {
  findUsersActions: ofService('users'),
  findInventoryActions: ofService('inventory'),
  findOrdersActions: ofService('orders'),
} as const;

/** Why something is done, where the body does not say it. */
export const REASON_HEADER = 'x-reason';
export const reasonHeaders = {
  [REASON_HEADER]: Type.Optional(Text('Why it is done, for the record of what operators did', 'a delivery')),
};
