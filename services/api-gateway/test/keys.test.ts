import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Runtime } from '@order-pipeline/service-kit';
import { createTestRuntime, times } from '@order-pipeline/testing';
import { createKeys } from '../src/access/keys.ts';
import { createTokens } from '../src/access/tokens.ts';
import { startIssuer, type TestIssuer } from './issuer.ts';

let issuer: TestIssuer;

beforeEach(async () => {
  issuer = await startIssuer();
});

afterEach(() => {
  jest.restoreAllMocks();
  return issuer.close();
});

const tokensOf = (
  cooldownMs?: number,
  {
    jwksUrl,
    maxRemembered,
    ...replaced
  }: Partial<Runtime> & { jwksUrl?: string; maxRemembered?: number } = {},
) => {
  const { url, audience } = issuer;
  const named = { name: url, audience, jwksUrl, userClaim: 'sub', scopeClaim: 'scope' };
  const wallClock = Date.now;
  const runtime = createTestRuntime({ wallClock: () => wallClock(), ...replaced });
  return createTokens(named, createKeys(named, { runtime, cooldownMs }), runtime, maxRemembered);
};

test('tokens of a new key are taken without a restart, and those of the old one still are', async () => {
  const tokens = tokensOf(0);
  await tokens.verify(await issuer.sign());
  const older = await issuer.sign({ sub: 'bob' });
  await issuer.rotate();
  expect(await tokens.verify(await issuer.sign())).toMatchObject({ userId: 'alice' });
  expect(await tokens.verify(older)).toMatchObject({ userId: 'bob' });
  expect(issuer.fetched()).toBe(2);
});

test('a clock that is set back by a day keeps no new key away', async () => {
  let now = 0;
  const { verify } = tokensOf(undefined, { monotonic: () => now });
  await verify(await issuer.sign());
  await issuer.rotate();
  const token = await issuer.sign();
  const day = Date.now() - 86_400_000;
  jest.spyOn(Date, 'now').mockReturnValue(day);
  now += 6_000;
  expect(await verify(token)).toMatchObject({ userId: 'alice' });
});

test('tokens of unknown keys do not have the issuer asked again and again', async () => {
  const tokens = tokensOf();
  await tokens.verify(await issuer.sign());
  const unknown = await Promise.all(times(20, (index) => issuer.sign({}, { kid: `unknown-${index}` })));
  for (const token of unknown)
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(issuer.fetched()).toBe(1);
});

test('the keys may be named by a setting; then nothing else is asked for', async () => {
  const tokens = tokensOf(undefined, { jwksUrl: `${issuer.url}/keys` });
  expect(await tokens.verify(await issuer.sign())).toMatchObject({ userId: 'alice' });
});

test('a discovery document of another issuer is not believed', async () => {
  const named = {
    name: `${issuer.url}/`,
    audience: issuer.audience,
    jwksUrl: undefined,
    userClaim: 'sub',
    scopeClaim: 'scope',
  };
  const runtime = createTestRuntime();
  const tokens = createTokens(named, createKeys(named, { runtime }), runtime);
  await expect(tokens.verify(await issuer.sign())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('verified tokens are remembered, each for itself', async () => {
  const tokens = tokensOf();
  const all = await Promise.all(times(20, (index) => issuer.sign({ sub: `user-${index}` })));
  for (const token of all) await tokens.verify(token);
  expect(all.map((token) => tokens.known(token)?.userId)).toEqual(times(20, (index) => `user-${index}`));
  expect(tokens.known(await issuer.sign())).toBeUndefined();
});

test('so many are remembered and no more: those that were verified longest ago are verified again', async () => {
  const tokens = tokensOf(undefined, { maxRemembered: 6 });
  const all = await Promise.all(times(20, (index) => issuer.sign({ sub: `user-${index}` })));
  for (const token of all) await tokens.verify(token);
  const known = all.flatMap((token) => tokens.known(token)?.userId ?? []);
  expect(known.length).toBeLessThanOrEqual(6);
  expect(known).toEqual(expect.arrayContaining(['user-17', 'user-18', 'user-19']));
  expect(await tokens.verify(all[0] ?? '')).toMatchObject({ userId: 'user-0' });
});
