import { Type } from 'typebox';
import { StatusSchema, Strict } from './schemas.ts';

/** The longest that a request may wait for an order, in seconds. */
export const MAX_WAIT_S = 60;

/** What an order may be waited for. */
export const WaitQuery = Strict({
  until: Type.Optional({
    ...StatusSchema,
    description:
      'Answer once the order is in this status or beyond it, or can no longer reach it; with `wait` or `Prefer: wait`',
  }),
  wait: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_WAIT_S,
      description: 'Seconds to wait at most, as `Prefer: wait` has them; it goes before that',
      examples: [30],
    }),
  ),
});

export const WaitHeaders = Type.Object({
  prefer: Type.Optional(
    Type.String({
      maxLength: 1_024,
      description: `\`wait=30\`: wait for so many seconds at most, and for ${MAX_WAIT_S} where it says more (RFC 7240)`,
      examples: ['wait=30'],
    }),
  ),
  'if-none-match': Type.Optional(
    Type.String({
      maxLength: 1_024,
      description: 'The `ETag` of an earlier reply: 304 while nothing has changed since',
      examples: ['"PENDING"'],
    }),
  ),
});

export const WAIT_REPLY_HEADERS = {
  etag: 'Changes with the order: `"PENDING"`',
  'preference-applied':
    '`wait=30`: it waited, or there was nothing to wait for. Missing where the gateway could not wait: ask again later',
} as const;
