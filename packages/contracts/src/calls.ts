import { Type, type Static } from 'typebox';
import { ACTOR } from './patterns.ts';
import { AnyId, Strict } from './schemas.ts';

/** Where a service takes several calls of one operation in one request of another service; no path of clients. */
export const CALLS_PATH = '/calls';
/** How many calls one request has at most. */
export const MAX_CALLS = 128;

const Call = Strict({
  requestId: AnyId,
  traceparent: Type.String({ maxLength: 512 }),
  /** Who asks, of this very call: calls of different users travel together. */
  actor: Type.Optional(Type.String({ pattern: ACTOR })),
  // To the schemas of the operation.
  params: Type.Optional(Type.Unknown()),
  query: Type.Optional(Type.Unknown()),
  headers: Type.Optional(Type.Unknown()),
  body: Type.Optional(Type.Unknown()),
});

/** A call among others. */
export type Call = Static<typeof Call>;

/** Calls of one operation, which is named by its method and path: `POST /api/orders`. */
export const Calls = Strict({
  operation: Type.String({ maxLength: 256 }),
  calls: Type.Array(Call, { minItems: 1, maxItems: MAX_CALLS }),
});

export type Calls = Static<typeof Calls>;
