import { Type } from 'typebox';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import { batchOf, defineOperation, READ, serviceCall } from './operation.ts';
import { reasonHeaders } from './actions-api.ts';
import { AnyId, NewId, Strict, Text, Timestamp, UserIdParams } from './schemas.ts';

export const User = Strict({
  userId: NewId('The id that the client chose', 'user11'),
  name: Text('The name', 'Sriram'),
  email: Type.String({ format: 'email', maxLength: 254, examples: ['sriram@example.com'] }),
});

export type User = Type.Static<typeof User>;

const erasableFields = {
  userId: Type.String(),
  name: Type.Optional(Type.String()),
  email: Type.Optional(Type.String()),
  erasedAt: Type.Optional(
    Timestamp('When it was erased; then there is neither a name nor an e-mail address'),
  ),
};

/** A user as it was registered, whatever the rules were then; of one who was erased, the id and when. */
const StoredUser = Strict(erasableFields);
export type StoredUser = Type.Static<typeof StoredUser>;

/** All that the users service stores about a user. */
export const UserRecord = Strict({ ...erasableFields, registeredAt: Timestamp('When it was registered') });
export type UserRecord = Type.Static<typeof UserRecord>;

const exampleUser = { userId: 'user11', name: 'Sriram', email: 'sriram@example.com' };

/** What the users service can be asked. */
export const usersApi = {
  registerUser: defineOperation({
    owner: 'users',
    method: 'POST',
    path: '/api/users',
    summary: 'Register a user',
    access: { kind: 'own', scope: 'users:write', any: 'users:write.any', foreign: 'FORBIDDEN' },
    body: User,
    bodyLimitBytes: BODY_LIMIT_BYTES.record,
    status: 201,
    reply: Strict({ message: Type.Literal('User registered successfully'), userId: Type.String() }),
    errors: ['ID_TAKEN'],
    idempotent: true,
    exampleBody: exampleUser,
    exampleReply: { message: 'User registered successfully', userId: 'user11' },
  }),
  getUser: defineOperation({
    owner: 'users',
    ...READ,
    path: '/api/users/:userId',
    summary: 'Retrieve a user',
    access: { kind: 'own', any: 'users:read.any', foreign: 'NOT_FOUND' },
    params: UserIdParams,
    reply: StoredUser,
    errors: ['USER_NOT_FOUND'],
    exampleReply: exampleUser,
  }),
  eraseUser: defineOperation({
    owner: 'users',
    method: 'POST',
    path: '/api/users/:userId/erase',
    summary: 'Erase a user',
    description:
      'Name and e-mail address are gone for ever. The id stays taken, and orders stay. Again is answered as the first time.',
    access: { kind: 'own', scope: 'users:write', any: 'users:write.any', foreign: 'NOT_FOUND' },
    params: UserIdParams,
    headers: Type.Object(reasonHeaders),
    status: 200,
    reply: Strict({
      message: Type.Literal('User erased'),
      userId: Type.String(),
      erasedAt: Timestamp('When it was erased, the first time'),
    }),
    errors: ['USER_NOT_FOUND'],
    idempotent: true,
    exampleReply: { message: 'User erased', userId: 'user11', erasedAt: '2026-01-01T12:00:00.000Z' },
  }),
  readUserRecord: defineOperation({
    owner: 'users',
    method: 'POST',
    path: '/internal/users/record',
    summary: 'Read all that is stored about a user',
    access: { kind: 'services', callers: ['orders-facade'] },
    body: Strict({ userId: AnyId }),
    bodyLimitBytes: BODY_LIMIT_BYTES.small,
    status: 200,
    reply: UserRecord,
    errors: ['USER_NOT_FOUND'],
    idempotent: true,
  }),
  findUsers: defineOperation({
    owner: 'users',
    ...serviceCall('orders'),
    path: '/internal/users/find',
    summary: 'Find which users exist and were not erased',
    ...batchOf('userIds', AnyId),
    reply: Strict({ userIds: Type.Array(Type.String()) }),
  }),
} as const;
