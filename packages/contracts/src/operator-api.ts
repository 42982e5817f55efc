import { Type } from 'typebox';
import { TOPIC_NAMES } from './events.ts';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import { defineOperation } from './operation.ts';
import { Count, Id, PageQuery, Strict, Text, Timestamp } from './schemas.ts';

/** How often a message may be sent back before that takes an operator who says so for this very one. */
export const MAX_SEND_BACKS = 3;

/**
 * OPEN: nobody has decided yet. SENDING_BACK: an operator has sent it back, it is not known to be in its topic again.
 * SENT_BACK and DISCARDED are kept for who wants to know.
 */
export const DEAD_LETTER_STATUSES = ['OPEN', 'SENDING_BACK', 'SENT_BACK', 'DISCARDED'] as const;
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number];

/** REFUSED is not done by operators: Kafka will never take back what they sent back, and the letter is open again. */
export const DEAD_LETTER_ACTIONS = ['SEND_BACK', 'DISCARD', 'REFUSED'] as const;
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
  partition: Type.Integer({ description: 'Where it stood when it could not be worked' }),
  offset: Type.String(),
  group: Type.String({ description: 'The consumer group that could not work it' }),
  reason: Type.String(),
  tries: Count('How often it was tried, over all the times that it was sent back'),
  sendBacks: Count('How often it was sent back before it became this letter'),
  orderId: Type.Optional(Type.String({ description: 'The order that it is about, as far as its key tells' })),
  previousId: Type.Optional(
    Type.String({ description: 'The letter that was sent back and became this one' }),
  ),
  failedAt: Timestamp('When it was put aside'),
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
  forced: Type.Boolean({ description: 'Sent back although that had been done as often as it may' }),
});
export type LetterAction = Type.Static<typeof LetterAction>;

export const DeadLetterWithContent = Strict({
  ...letterFields,
  key: LetterContent,
  value: LetterContent,
  headers: Type.Array(Strict({ name: Type.String(), value: LetterContent })),
  actions: Type.Array(LetterAction, { description: 'What operators did with it, oldest first' }),
  cameBackAs: Type.Array(Type.String(), { description: 'The letters that it became after it was sent back' }),
});
export type DeadLetterWithContent = Type.Static<typeof DeadLetterWithContent>;

const filterFields = {
  topic: Type.Optional(TopicName),
  group: Type.Optional(Text('The consumer group that could not work it', 'shipping')),
  reason: Type.Optional(Text('Words that its reason contains, in any case', 'not JSON')),
  orderId: Type.Optional(Id('The order that it is about', 'order-1')),
};

/** Which letters an operator means; an empty one means all that are open. */
export const LetterFilter = Strict(filterFields);
export type LetterFilter = Type.Static<typeof LetterFilter>;

const LetterIdParams = Strict({ letterId: Id('The dead letter', '9f86d081884c7d659a2feaa0') });

const Operator = Text('Who does it', 'ann');
const Note = Text('Why', 'the price list is repaired');
const DryRun = Type.Boolean({ description: 'Only tell what would be done', default: false });

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
  sendBacks: 0,
  orderId: 'order-1',
  failedAt: '2026-01-01T12:00:00.000Z',
  updatedAt: '2026-01-01T12:00:00.100Z',
};
const exampleSent = { ...exampleLetter, status: 'SENDING_BACK', updatedAt: '2026-01-01T12:30:00.000Z' };
const exampleResult = { dryRun: false, letters: [exampleSent], leftOut: [] };
const exampleDiscarded = { ...exampleResult, letters: [{ ...exampleSent, status: 'DISCARDED' }] };

const batchFields = {
  filter: LetterFilter,
  by: Operator,
  dryRun: Type.Optional(DryRun),
  ...PageQuery,
};

/** What operators ask. It is not for clients: the gateway asks who they are. */
export const operatorApi = {
  listDeadLetters: defineOperation({
    owner: 'orders',
    method: 'GET',
    path: '/ops/dead-letters',
    summary: 'List messages that could not be worked, newest first',
    query: Strict({ status: Type.Optional(LetterStatus), ...filterFields, ...PageQuery }),
    status: 200,
    reply: Type.Array(DeadLetter),
    refusals: [],
    repeatable: true,
    paged: true,
    exampleReply: [exampleLetter],
  }),
  getDeadLetter: defineOperation({
    owner: 'orders',
    method: 'GET',
    path: '/ops/dead-letters/:letterId',
    summary: 'Look at a message that could not be worked, and at what was done with it',
    params: LetterIdParams,
    status: 200,
    reply: DeadLetterWithContent,
    refusals: ['DEAD_LETTER_NOT_FOUND'],
    repeatable: true,
    exampleReply: {
      ...exampleLetter,
      key: { text: 'order-1' },
      value: { text: '{"orderId":' },
      headers: [{ name: 'dlq.reason', value: { text: 'the value is not JSON' } }],
      actions: [],
      cameBackAs: [],
    },
  }),
  sendBackDeadLetter: defineOperation({
    owner: 'orders',
    method: 'POST',
    path: '/ops/dead-letters/:letterId/send-back',
    summary: 'Send a message back to its topic',
    params: LetterIdParams,
    body: Strict({
      by: Operator,
      note: Type.Optional(Note),
      dryRun: Type.Optional(DryRun),
      force: Type.Optional(
        Type.Boolean({ description: 'Although it was sent back as often as it may', default: false }),
      ),
    }),
    bodyLimitBytes: BODY_LIMIT_BYTES.form,
    status: 200,
    reply: LetterResult,
    refusals: ['DEAD_LETTER_NOT_FOUND', 'DEAD_LETTER_WORKED', 'SENT_BACK_TOO_OFTEN'],
    repeatable: false,
    exampleBody: { by: 'ann', note: 'the price list is repaired' },
    exampleReply: exampleResult,
  }),
  sendBackDeadLetters: defineOperation({
    owner: 'orders',
    method: 'POST',
    path: '/ops/dead-letters/send-back',
    summary: 'Send all open messages of a filter back to their topics, a page at a time',
    body: Strict({ ...batchFields, note: Type.Optional(Note) }),
    bodyLimitBytes: BODY_LIMIT_BYTES.form,
    status: 200,
    reply: LetterResult,
    refusals: [],
    repeatable: false,
    exampleBody: { filter: { topic: 'ORDER_PROCESSING' }, by: 'ann', dryRun: false },
    exampleReply: exampleResult,
  }),
  discardDeadLetter: defineOperation({
    owner: 'orders',
    method: 'POST',
    path: '/ops/dead-letters/:letterId/discard',
    summary: 'Decide that a message is not needed any more; it is kept',
    params: LetterIdParams,
    body: Strict({ by: Operator, note: Note, dryRun: Type.Optional(DryRun) }),
    bodyLimitBytes: BODY_LIMIT_BYTES.form,
    status: 200,
    reply: LetterResult,
    refusals: ['DEAD_LETTER_NOT_FOUND', 'DEAD_LETTER_WORKED'],
    repeatable: false,
    exampleBody: { by: 'ann', note: 'a test of the supplier' },
    exampleReply: exampleDiscarded,
  }),
  discardDeadLetters: defineOperation({
    owner: 'orders',
    method: 'POST',
    path: '/ops/dead-letters/discard',
    summary: 'Decide that all open messages of a filter are not needed any more, a page at a time',
    body: Strict({ ...batchFields, note: Note }),
    bodyLimitBytes: BODY_LIMIT_BYTES.form,
    status: 200,
    reply: LetterResult,
    refusals: [],
    repeatable: false,
    exampleBody: { filter: { reason: 'not JSON' }, by: 'ann', note: 'a test of the supplier' },
    exampleReply: exampleDiscarded,
  }),
} as const;
