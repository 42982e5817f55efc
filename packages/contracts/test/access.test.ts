import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import {
  accessPage,
  ANYBODY,
  grantOf,
  DECLARED_OPERATIONS,
  maySeeField,
  NOBODY,
  ownerFor,
  SCOPES,
  serviceActor,
  type Access,
  type Actor,
  type Scope,
} from '../src/index.ts';
import { EVERY_OPERATION } from './every-schema.ts';

const user = (userId: string | undefined, ...scopes: readonly Scope[]): Actor => ({
  kind: 'token',
  name: userId ?? 'client',
  ...(userId === undefined ? {} : { userId }),
  scopes,
});

const OWN_WITH: Access = {
  kind: 'own',
  scope: 'orders:write',
  any: 'orders:cancel.any',
  foreign: 'NOT_FOUND',
};
const OWN: Access = { kind: 'own', any: 'orders:read.any', foreign: 'NARROWED' };
const SCOPE: Access = { kind: 'scope', scope: 'catalog:write' };
const TOKEN = { kind: 'authenticated', fields: { reservedQty: ['ops:read'] } } as const satisfies Access;

test.each([
  ['a user with the scope', OWN_WITH, user('alice', 'orders:write'), 'OWN'],
  ['a user without it', OWN_WITH, user('alice', 'users:write'), 'NONE'],
  ['the scope for any', OWN_WITH, user(undefined, 'orders:cancel.any'), 'ANY'],
  ['the scope of users without a user', OWN_WITH, user(undefined, 'orders:write'), 'NONE'],
  ['a user where no scope is needed', OWN, user('alice'), 'OWN'],
  ['no user where no scope is needed', OWN, user(undefined), 'NONE'],
  ['the scope', SCOPE, user(undefined, 'catalog:write'), 'ANY'],
  ['all other scopes', SCOPE, user('alice', ...SCOPES.filter((scope) => scope !== 'catalog:write')), 'NONE'],
  ['any token', TOKEN, user(undefined), 'ANY'],
  ['nobody', TOKEN, NOBODY, 'NONE'],
] as const)('%s', (_, access, actor, grant) => {
  expect(grantOf(access, actor)).toBe(grant);
});

test('everybody gets everything where access control is off, and so does a service by itself', () => {
  for (const actor of [ANYBODY, serviceActor('reconciler')])
    for (const { access } of Object.values(EVERY_OPERATION)) expect(grantOf(access, actor)).toBe('ANY');
});

test('nobody gets nothing that clients can ask', () => {
  for (const { access } of Object.values(DECLARED_OPERATIONS)) expect(grantOf(access, NOBODY)).toBe('NONE');
});

test('only who gets less than all has an owner, and never one that is empty by accident', () => {
  expect(ownerFor(OWN, user('alice'))).toBe('alice');
  expect(ownerFor(OWN, user('alice', 'orders:read.any'))).toBeUndefined();
  expect(ownerFor(OWN, user(undefined))).toBe('');
});

test('a field that not everybody gets takes one of its scopes', () => {
  expect(maySeeField(TOKEN, 'reservedQty', user('alice', 'ops:read'))).toBe(true);
  expect(maySeeField(TOKEN, 'reservedQty', user('alice', 'ops:write'))).toBe(false);
  expect(maySeeField(TOKEN, 'itemId', user('alice'))).toBe(true);
});

test('what clients reach is never for services alone, and what they do not reach always is', () => {
  const reached = new Set(Object.values(DECLARED_OPERATIONS));
  for (const [name, operation] of Object.entries(EVERY_OPERATION))
    expect([name, operation.access.kind === 'services']).toEqual([name, !reached.has(operation)]);
});

test('docs/access.md is up to date', async () => {
  const file = new URL('../../../docs/access.md', import.meta.url);
  const style = await resolveConfig(file);
  expect(await readFile(file, 'utf8')).toBe(await format(accessPage(), { ...style, parser: 'markdown' }));
});
