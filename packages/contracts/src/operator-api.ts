import { Type } from 'typebox';
import type { Access } from './access.ts';
import { TOPIC_NAMES } from './order-lifecycle.ts';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import { defineOperation, OPERATORS_READ } from './operation.ts';
import { Count, Id, PageQuery, Strict, Text, Timestamp } from './schemas.ts';

/** How often a message may be redriven; beyond that it takes `force`, for one message at a time. */
export const MAX_REDRIVES = 3;

/**
 * OPEN: not resolved yet. REDRIVING: an operator has asked for a redrive, which is not known to be published yet.
 * REDRIVEN and DISCARDED letters are kept as a record.
 */
export const DEAD_LETTER_STATUSES = ['OPEN', 'REDRIVING', 'REDRIVEN', 'DISCARDED'] as const;
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number];

/** REFUSED is not an operator's: Kafka will never take the message that was redriven, and the letter is open again. */
export const DEAD_LETTER_ACTIONS = ['REDRIVE', 'DISCARD', 'REFUSED'] as const;
export type DeadLetterActionName = Exclude<(typeof DEAD_LETTER_ACTIONS)[number], 'REFUSED'>;

const LetterStatus = Type.Enum([...DEAD_LETTER_STATUSES], {
  type: 'string',
  description: 'What became of it',
});
const TopicName = Type.Enum([...TOPIC_NAMES], { type: 'string', description: 'The topic that it came from' });

const letterFields = {
  letterId: Type.String(),
  status: LetterStatus,
  topic: TopicName,
  partition: Type.Integer({ description: 'The partition that it came from' }),
  offset: Type.String(),
  group: Type.String({ description: 'The consumer group that failed to process it' }),
  reason: Type.String(),
  tries: Count('Attempts to process it, over all redrives'),
  redrives: Count('How often it was redriven before it became this letter'),
  orderId: Type.Optional(Type.String({ description: 'The order that it is about, as far as its key says' })),
  previousId: Type.Optional(Type.String({ description: 'The letter that was redriven and became this one' })),
  failedAt: Timestamp('When it was sent to the dead-letter queue'),
  updatedAt: Timestamp('When its status last changed'),
};

export const DeadLetter = Strict(letterFields);
export type DeadLetter = Type.Static<typeof DeadLetter>;

/** Bytes of a message: as text where they are UTF-8, with what it says where that is JSON; in base64 otherwise. */
export const LetterContent = Type.Union([
  Strict({ text: Type.String(), json: Type.Optional(Type.Unknown()) }),
  Strict({ base64: Type.String() }),
  Type.Null(),
]);
export type LetterContent = Type.Static<typeof LetterContent>;

/** Something that an operator did with a letter. */
export const LetterAction = Strict({
  action: Type.Enum([...DEAD_LETTER_ACTIONS], { type: 'string' }),
  by: Type.String(),
  at: Timestamp('When'),
  note: Type.Optional(Type.String()),
  forced: Type.Boolean({ description: 'Redriven beyond the limit' }),
});
export type LetterAction = Type.Static<typeof LetterAction>;

export const DeadLetterWithContent = Strict({
  ...letterFields,
  key: LetterContent,
  value: LetterContent,
  headers: Type.Array(Strict({ name: Type.String(), value: LetterContent })),
  actions: Type.Array(LetterAction, { description: 'What operators did with it, oldest first' }),
  cameBackAs: Type.Array(Type.String(), { description: 'The letters that it became after redrives' }),
});
export type DeadLetterWithContent = Type.Static<typeof DeadLetterWithContent>;

const filterFields = {
  topic: Type.Optional(TopicName),
  group: Type.Optional(Text('The consumer group that failed to process it', 'shipping')),
  reason: Type.Optional(Text('Words that its reason contains, in any case', 'not JSON')),
  orderId: Type.Optional(Id('The order that it is about', 'order-1')),
};

/** Which letters an operator means; an empty one means all that are open. */
export const LetterFilter = Strict(filterFields);
export type LetterFilter = Type.Static<typeof LetterFilter>;

const LetterIdParams = Strict({ letterId: Id('The dead letter', '9f86d081884c7d659a2feaa0') });

const Operator = Type.Optional(
  Text('Who does it; with an access token, the person that it is from, and nobody else', 'ann'),
);
const Note = Text('Why', 'the price list is fixed');
const DryRun = Type.Boolean({ description: 'Only list what would be done', default: false });

/** One letter that was passed over, with why. */
const LeftOut = Strict({ letterId: Type.String(), why: Type.String() });

/** What came of an action on letters, or would come of it. */
export const LetterResult = Strict({
  dryRun: Type.Boolean(),
  letters: Type.Array(DeadLetter, { description: 'Those that it is done to; in a dry run, as they stand' }),
  leftOut: Type.Array(LeftOut),
  nextCursor: Type.Optional(
    Type.String({ description: 'There may be more: ask the same again with this cursor' }),
  ),
});
export type LetterResult = Type.Static<typeof LetterResult>;

const exampleLetter = {
  letterId: '9f86d081884c7d659a2feaa0',
  status: 'OPEN',
  topic: 'ORDER_PROCESSING',
  partition: 4,
  offset: '17',
  group: 'shipping',
  reason: 'the value is not JSON',
  tries: 1,
  redrives: 0,
  orderId: 'order-1',
  failedAt: '2026-01-01T12:00:00.000Z',
  updatedAt: '2026-01-01T12:00:00.100Z',
};
const exampleSent = { ...exampleLetter, status: 'REDRIVING', updatedAt: '2026-01-01T12:30:00.000Z' };
const exampleResult = { dryRun: false, letters: [exampleSent], leftOut: [] };
const exampleDiscarded = { ...exampleResult, letters: [{ ...exampleSent, status: 'DISCARDED' }] };

const batchFields = {
  filter: LetterFilter,
  by: Operator,
  dryRun: Type.Optional(DryRun),
  ...PageQuery,
};

const WRITE_ACCESS = { kind: 'scope', scope: 'ops:write' } as const satisfies Access;

/** What operators ask. It is not for clients: the gateway asks who they are. */
export const operatorApi = {
  listDeadLetters: defineOperation({
    owner: 'orders',
    ...OPERATORS_READ,
    path: '/ops/dead-letters',
    summary: 'List dead letters',
    description: 'Newest first.',
    query: Strict({ status: Type.Optional(LetterStatus), ...filterFields, ...PageQuery }),
    reply: Type.Array(DeadLetter),
    errors: [],
    paged: true,
    exampleReply: [exampleLetter],
  }),
  getDeadLetter: defineOperation({
    owner: 'orders',
    ...OPERATORS_READ,
    path: '/ops/dead-letters/:letterId',
    summary: 'Retrieve a dead letter',
    description: 'With its message and what operators did with it.',
    params: LetterIdParams,
    reply: DeadLetterWithContent,
    errors: ['DEAD_LETTER_NOT_FOUND'],
    exampleReply: {
      ...exampleLetter,
      key: { text: 'order-1' },
      value: { text: '{"orderId":' },
      headers: [{ name: 'dlq.reason', value: { text: 'the value is not JSON' } }],
      actions: [],
      cameBackAs: [],
    },
  }),
  redriveDeadLetter: defineOperation({
    owner: 'orders',
    method: 'POST',
    path: '/ops/dead-letters/:letterId/redrive',
    summary: 'Redrive a dead letter',
    description: 'Sends the message back to its topic, for the consumer group that failed.',
    access: WRITE_ACCESS,
    params: LetterIdParams,
    body: Strict({
      by: Operator,
      note: Type.Optional(Note),
      dryRun: Type.Optional(DryRun),
      force: Type.Optional(Type.Boolean({ description: 'Redrive it beyond the limit', default: false })),
    }),
    bodyLimitBytes: BODY_LIMIT_BYTES.form,
    status: 200,
    reply: LetterResult,
    errors: ['DEAD_LETTER_NOT_FOUND', 'DEAD_LETTER_RESOLVED', 'REDRIVE_LIMIT_REACHED'],
    idempotent: false,
    exampleBody: { by: 'ann', note: 'the price list is fixed' },
    exampleReply: exampleResult,
  }),
  redriveDeadLetters: defineOperation({
    owner: 'orders',
    method: 'POST',
    path: '/ops/dead-letters/redrive',
    summary: 'Redrive dead letters',
    description: 'All open ones that match the filter, a page at a time; an empty filter matches all.',
    access: WRITE_ACCESS,
    body: Strict({ ...batchFields, note: Type.Optional(Note) }),
    bodyLimitBytes: BODY_LIMIT_BYTES.form,
    status: 200,
    reply: LetterResult,
    errors: [],
    idempotent: false,
    exampleBody: { filter: { topic: 'ORDER_PROCESSING' }, by: 'ann', dryRun: false },
    exampleReply: exampleResult,
  }),
  discardDeadLetter: defineOperation({
    owner: 'orders',
    method: 'POST',
    path: '/ops/dead-letters/:letterId/discard',
    summary: 'Discard a dead letter',
    description: 'Closes it without a redrive. It is kept as a record.',
    access: WRITE_ACCESS,
    params: LetterIdParams,
    body: Strict({ by: Operator, note: Note, dryRun: Type.Optional(DryRun) }),
    bodyLimitBytes: BODY_LIMIT_BYTES.form,
    status: 200,
    reply: LetterResult,
    errors: ['DEAD_LETTER_NOT_FOUND', 'DEAD_LETTER_RESOLVED'],
    idempotent: false,
    exampleBody: { by: 'ann', note: 'a test of the supplier' },
    exampleReply: exampleDiscarded,
  }),
  discardDeadLetters: defineOperation({
    owner: 'orders',
    method: 'POST',
    path: '/ops/dead-letters/discard',
    summary: 'Discard dead letters',
    description: 'All open ones that match the filter, a page at a time; an empty filter matches all.',
    access: WRITE_ACCESS,
    body: Strict({ ...batchFields, note: Note }),
    bodyLimitBytes: BODY_LIMIT_BYTES.form,
    status: 200,
    reply: LetterResult,
    errors: [],
    idempotent: false,
    exampleBody: { filter: { reason: 'not JSON' }, by: 'ann', note: 'a test of the supplier' },
    exampleReply: exampleDiscarded,
  }),
} as const;
