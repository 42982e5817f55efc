import { Type } from 'typebox';

/** Every code that an error can have, with its HTTP status. The codes are stable; the sentences are for people. */
export const ERROR_STATUS = {
  VALIDATION_FAILED: 400,
  MALFORMED_JSON: 400,
  ORDER_NOT_CANCELLABLE: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  HOST_NOT_ALLOWED: 403,
  CROSS_SITE_REFUSED: 403,
  USER_NOT_FOUND: 404,
  ITEM_NOT_FOUND: 404,
  ORDER_NOT_FOUND: 404,
  DEAD_LETTER_NOT_FOUND: 404,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  ID_TAKEN: 409,
  NOT_ENOUGH_STOCK: 409,
  IDEMPOTENCY_KEY_REUSED: 409,
  DEAD_LETTER_RESOLVED: 409,
  REDRIVE_LIMIT_REACHED: 409,
  ORDER_ARCHIVED: 410,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** What every error answers. */
export const ErrorBody = Type.Object({
  error: Type.String({ description: 'A sentence for a person' }),
  status: Type.Integer({ description: 'The HTTP status' }),
  code: Type.String({ description: 'A stable code for programs' }),
  details: Type.Optional(Type.Array(Type.Unknown(), { description: 'What exactly was wrong' })),
});

export type ErrorBody = Type.Static<typeof ErrorBody> & { code: ErrorCode };
