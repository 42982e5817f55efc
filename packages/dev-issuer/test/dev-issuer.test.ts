import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestRuntime, times } from '@order-pipeline/testing';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { DEV_AUDIENCE, DEV_ISSUER, openDevKey, readDevKey, signDevToken } from '../src/index.ts';

let top: string;
let dataDir: string;
const runtime = createTestRuntime();

beforeEach(() => {
  top = mkdtempSync(path.join(tmpdir(), 'dev-issuer-'));
  dataDir = path.join(top, 'data');
});

afterEach(() => rmSync(top, { recursive: true, force: true }));

const file = (): string => path.join(dataDir, 'dev-issuer.json');

test('the key is made once, for its owner alone, and kept', async () => {
  expect(await readDevKey(dataDir)).toBeUndefined();
  const made = await openDevKey(dataDir, runtime);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  const text = readFileSync(file(), 'utf8');
  expect((await openDevKey(dataDir, runtime)).kid).toBe(made.kid);
  expect((await readDevKey(dataDir))?.kid).toBe(made.kid);
  expect(readFileSync(file(), 'utf8')).toBe(text);
});

test('starts at the same time agree on one key, and leave nothing else behind', async () => {
  const keys = await Promise.all(times(8, () => openDevKey(dataDir, runtime)));
  expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1);
  expect(readdirSync(dataDir)).toEqual(['dev-issuer.json']);
});

test('only the public part of the key is published', async () => {
  const { publicJwk, kid } = await openDevKey(dataDir, runtime);
  expect(publicJwk).toEqual({
    kty: 'EC',
    crv: 'P-256',
    x: expect.any(String),
    y: expect.any(String),
    kid,
    alg: 'ES256',
    use: 'sig',
  });
});

test('a token says whose it is, what they may do and until when', async () => {
  const key = await openDevKey(dataDir, runtime);
  const claims = { userId: 'alice', scopes: ['orders:write', 'ops:read'], lifeS: 600 } as const;
  const token = await signDevToken(key, claims, runtime);
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet({ keys: [key.publicJwk] }), {
    issuer: DEV_ISSUER,
    audience: DEV_AUDIENCE,
    currentDate: new Date(runtime.wallClock()),
  });
  expect(protectedHeader).toEqual({ alg: 'ES256', kid: key.kid, typ: 'at+jwt' });
  expect(payload).toMatchObject({ sub: 'alice', scope: 'orders:write ops:read', jti: expect.any(String) });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
});

test('none is valid for longer than a day', async () => {
  const key = await openDevKey(dataDir, runtime);
  const token = await signDevToken(key, { userId: 'alice', scopes: [], lifeS: 10 * 86_400 }, runtime);
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    exp: number;
    iat: number;
  };
  expect(claims.exp - claims.iat).toBe(86_400);
});

test.each(['', 'no JSON', '{"kty":"EC"}', '{"kty":"oct","k":"c2VjcmV0"}'])(
  'a file that holds %j is named, with what to do',
  async (text) => {
    await openDevKey(dataDir, runtime);
    writeFileSync(file(), text);
    await expect(openDevKey(dataDir, runtime)).rejects.toThrow(`${file()} holds no key: delete it`);
  },
);

test('of a key without its secret nothing is signed', async () => {
  const { publicJwk } = await openDevKey(dataDir, runtime);
  writeFileSync(file(), JSON.stringify(publicJwk));
  await expect(readDevKey(dataDir)).rejects.toThrow('holds no key');
});
