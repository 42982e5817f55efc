import { Type } from 'typebox';
import { BODY_LIMIT_BYTES } from './body-limits.ts';
import { defineOperation } from './operation.ts';
import { AnyId, MAX_BATCH, NewId, Strict, Text, UserIdParams } from './schemas.ts';

export const User = Strict({
  userId: NewId('The id that the client chose', 'user11'),
  name: Text('The name', 'Sriram'),
  email: Type.String({ format: 'email', maxLength: 254, examples: ['sriram@example.com'] }),
});

export type User = Type.Static<typeof User>;

/** A user as it was registered, whatever the rules were then. */
const StoredUser = Strict({ userId: Type.String(), name: Type.String(), email: Type.String() });

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
    method: 'GET',
    path: '/api/users/:userId',
    summary: 'Retrieve a user',
    access: { kind: 'own', any: 'users:read.any', foreign: 'NOT_FOUND' },
    params: UserIdParams,
    status: 200,
    reply: StoredUser,
    errors: ['USER_NOT_FOUND'],
    idempotent: true,
    exampleReply: exampleUser,
  }),
  findUsers: defineOperation({
    owner: 'users',
    method: 'POST',
    path: '/internal/users/find',
    summary: 'Find which users exist',
    access: { kind: 'services', callers: ['orders'] },
    body: Strict({ userIds: Type.Array(AnyId, { maxItems: MAX_BATCH }) }),
    bodyLimitBytes: BODY_LIMIT_BYTES.batch,
    status: 200,
    reply: Strict({ userIds: Type.Array(Type.String()) }),
    errors: [],
    idempotent: true,
  }),
} as const;
