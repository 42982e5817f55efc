import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Scope } from '@order-pipeline/contracts';
import { openDevKey, signDevToken, type DevClaims } from '@order-pipeline/dev-issuer';
import { createTestRuntime, type TestService } from '@order-pipeline/testing';
import { startGateway } from './gateway.ts';
import { AUDIENCE, startIssuer } from './issuer.ts';

let dataDir: string;
let gateway: TestService;
const runtime = createTestRuntime();

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'dev-issuer-'));
  gateway = await startGateway({ AUTH_DEV_ISSUER: 'on', DATA_DIR: dataDir });
});

afterAll(async () => {
  await gateway.close();
  rmSync(dataDir, { recursive: true });
});

const tokenFor = async (userId: string, scopes: readonly Scope[], claims: Partial<DevClaims> = {}) =>
  signDevToken(await openDevKey(dataDir, runtime), { userId, scopes, lifeS: 600, ...claims }, runtime);

const ask = (token: string | undefined, url: string, on = gateway) =>
  on.server.inject({ url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

test('its tokens are taken, with their scopes, and nobody is let in without one', async () => {
  expect((await ask(undefined, '/api/orders')).statusCode).toBe(401);
  expect((await ask(await tokenFor('alice', []), '/api/orders')).statusCode).toBe(200);
  expect((await ask(await tokenFor('alice', []), '/ops/dead-letters')).statusCode).toBe(403);
  expect((await ask(await tokenFor('ann', ['ops:read']), '/ops/dead-letters')).statusCode).toBe(200);
  expect((await ask(await tokenFor('alice', [], { lifeS: -60 }), '/api/orders')).statusCode).toBe(401);
});

test('its keys are published for those who verify tokens, without the secret', async () => {
  const response = await ask(undefined, '/dev-issuer/jwks.json');
  expect(response.headers['content-type']).toContain('application/jwk-set+json');
  const { publicJwk } = await openDevKey(dataDir, runtime);
  expect(response.json()).toEqual({ keys: [publicJwk] });
  expect(response.json()).not.toHaveProperty('keys.0.d');
});

test('the start says so in its log, and the document whose tokens it takes', async () => {
  expect(gateway.logs.some(({ level, msg }) => level === 40 && msg.includes('development issuer'))).toBe(
    true,
  );
  const document = (await ask(undefined, '/openapi.json')).json<{
    components: { securitySchemes: Record<string, { description: string }> };
  }>();
  expect(document.components.securitySchemes['accessToken']?.description).toContain('development issuer');
});

test('a gateway of a real issuer takes none of its tokens, and does not serve its keys', async () => {
  const issuer = await startIssuer();
  const real = await startGateway({
    AUTH_ISSUER: issuer.url,
    AUTH_AUDIENCE: AUDIENCE,
    DATA_DIR: dataDir,
  });
  expect((await ask(await tokenFor('alice', []), '/api/orders', real)).statusCode).toBe(401);
  expect((await ask(undefined, '/dev-issuer/jwks.json', real)).statusCode).toBe(404);
  await real.close();
  await issuer.close();
});
