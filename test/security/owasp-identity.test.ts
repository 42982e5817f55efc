import { describe, expect, test } from '@jest/globals';
import { ACTOR_HEADER } from '@order-pipeline/contracts';
import { generateKeyPair, exportJWK, SignJWT } from 'jose';
import { unique } from '../gateway.ts';
import { claimsFor, hmacToken, outcome, part, raw, send, useScene } from './attacks.ts';
import { OPERATOR_TOKEN } from './secured-system.ts';

const { secured, scene } = useScene();

const SHOULD_BE_PENDING = async () => expect(await scene.shop.statusOf(scene.orderId)).toBe('PENDING');

describe('API1:2023 broken object level authorization', () => {
  test.each([
    ['reads it', 'GET', ''],
    ['looks whether it is there', 'HEAD', ''],
    ['waits for it', 'GET', '?until=DELIVERED&wait=1'],
    ['reads its history', 'GET', '/history'],
    ['cancels it', 'POST', '/cancel'],
  ] as const)(
    "a stranger who %s is answered as if the victim's order were not there",
    async (_, method, rest) => {
      const ask = (orderId: string) => scene.mallory.send(method, `/api/orders/${orderId}${rest}`, {});
      const [foreign, missing] = [await ask(scene.orderId), await ask('nowhere')];
      expect(foreign.status).toBe(404);
      expect(JSON.stringify(foreign.body).replaceAll(scene.orderId, 'nowhere')).toBe(
        JSON.stringify(missing.body),
      );
      const names = ({ headers }: typeof foreign) => Object.keys(headers).toSorted();
      expect(names(foreign)).toEqual(names(missing));
      await SHOULD_BE_PENDING();
    },
  );

  test("an ETag does not reveal whether a stranger's order exists", async () => {
    const guess = { 'if-none-match': '"PENDING"' };
    const answer = await scene.mallory.send('GET', `/api/orders/${scene.orderId}`, guess);
    expect(outcome(answer)).toEqual([404, 'ORDER_NOT_FOUND']);
  });

  test('lists show nobody else, whatever page or filter is asked for', async () => {
    const own = unique('own');
    await scene.mallory.place(own, scene.attacker, { [scene.itemId]: 1 });
    for (const query of ['', '?status=PENDING', '?limit=1000', '?cursor=zzzzzz']) {
      const { body } = await scene.mallory.get(`/api/orders${query}`);
      for (const { userId } of body as { userId: string }[]) expect(userId).toBe(scene.attacker);
    }
    const others = await scene.mallory.get(`/api/orders/user/${scene.victim}`);
    expect(outcome(others)).toEqual([404, 'USER_NOT_FOUND']);
  });

  test("nobody orders in somebody else's name, registers them, or reads their address", async () => {
    const order = await scene.mallory.place(unique('order'), scene.victim, { [scene.itemId]: 1 });
    expect(outcome(order)).toEqual([403, 'FORBIDDEN']);
    const user = { userId: unique('other'), name: 'M', email: 'm@example.com' };
    expect(outcome(await scene.mallory.post('/api/users', user))).toEqual([403, 'FORBIDDEN']);
    const read = await scene.mallory.get(`/api/users/${scene.victim}`);
    expect(outcome(read)).toEqual([404, 'USER_NOT_FOUND']);
    expect(JSON.stringify(read.body)).not.toContain('example.com');
  });

  test.each(['..%2f', '%2e%2e/', './', '%00', ';a=b', '%2F'])(
    'no id leads to another row: %s',
    async (trick) => {
      const answer = await scene.mallory.get(`/api/orders/${trick}${scene.orderId}`);
      expect([400, 404]).toContain(answer.status);
      expect(JSON.stringify(answer.body)).not.toContain(scene.victim);
    },
  );

  test('who one says to be beside the token counts nowhere', async () => {
    const actor = part({ kind: 'service', name: 'x', userId: scene.victim, scopes: ['orders:read.any'] });
    const headers = { [ACTOR_HEADER]: actor, 'x-user-id': scene.victim, 'x-forwarded-user': scene.victim };
    const answer = await scene.mallory.send('GET', `/api/orders/${scene.orderId}`, headers);
    expect(answer.status).toBe(404);
    expect((await secured.nobody.send('GET', '/api/orders', headers)).status).toBe(401);
  });
});

const publicKey = async (): Promise<Record<string, unknown>> =>
  ((await secured.nobody.get('/dev-issuer/jwks.json')).body as { keys: Record<string, unknown>[] }).keys[0] ??
  {};

const FORGERIES: Readonly<Record<string, () => Promise<string>>> = {
  'without a signature': async () => `${part({ alg: 'none' })}.${part(claimsFor(scene.victim))}.`,
  'of an algorithm written otherwise': async () =>
    `${part({ alg: 'NoNe' })}.${part(claimsFor(scene.victim))}.AA`,
  'signed with the public key as a secret': async () => {
    const jwk = await publicKey();
    return hmacToken({ alg: 'HS256', kid: jwk['kid'] }, claimsFor(scene.victim), JSON.stringify(jwk));
  },
  'that brings its own key': async () => {
    const { privateKey, publicKey: own } = await generateKeyPair('ES256', { extractable: true });
    return new SignJWT({ ...claimsFor(scene.victim) })
      .setProtectedHeader({ alg: 'ES256', jwk: await exportJWK(own) })
      .sign(privateKey);
  },
  'under the id of the true key': async () => {
    const { privateKey } = await generateKeyPair('ES256');
    return new SignJWT({ ...claimsFor(scene.victim) })
      .setProtectedHeader({ alg: 'ES256', kid: String((await publicKey())['kid']) })
      .sign(privateKey);
  },
  'whose key id is a path': async () =>
    hmacToken({ alg: 'HS256', kid: '../../../../dev/null' }, claimsFor(scene.victim), ''),
  'with more scopes written into it': async () => {
    const [head, , signature] = scene.malloryToken.split('.');
    return `${head}.${part(claimsFor(scene.attacker))}.${signature}`;
  },
  'of 100 KB': async () => `${part({ alg: 'ES256' })}.${'A'.repeat(100_000)}.AA`,
};

describe('API2:2023 broken authentication', () => {
  test.each(Object.keys(FORGERIES))('a token %s is not taken', async (name) => {
    const token = (await FORGERIES[name]?.()) ?? '';
    const answer = await secured.bearing(token).get(`/api/orders/${scene.orderId}`);
    // What no header may hold does not come as far as the check of tokens.
    expect(answer.status).toBe(token.length > 16_384 ? 431 : 401);
  });

  test('a good token counts in its header alone', async () => {
    const token = scene.malloryToken;
    expect((await secured.nobody.get(`/api/orders?access_token=${token}`)).status).not.toBe(200);
    for (const headers of [
      { cookie: `token=${token}; Authorization=Bearer ${token}` },
      { authorization: `Basic ${token}` },
      { authorization: token },
      { 'x-authorization': `Bearer ${token}` },
    ])
      expect((await secured.nobody.send('GET', '/api/orders', headers)).status).toBe(401);
  });

  test('guessing the token of operators is slowed down, and a customer is not locked out by it', async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess += 1)
      statuses.push((await secured.bearing(`a-guess-at-it-${guess}`).get('/ops/dead-letters')).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    const limited = await secured.bearing(OPERATOR_TOKEN).get('/ops/dead-letters');
    expect([outcome(limited), 'retry-after' in limited.headers]).toEqual([[429, 'RATE_LIMITED'], true]);
    expect((await scene.mallory.get('/api/orders')).status).toBe(200);
  });
});

describe('API3:2023 broken object property level authorization', () => {
  test.each([
    ['its status', { status: 'DELIVERED' }],
    ['when it was placed', { createdAt: '2020-01-01T00:00:00.000Z' }],
    ['its reservation', { reservationId: 'r-1' }],
    ['what no object has', { ['__proto__']: { status: 'DELIVERED' } }],
    ['a constructor', { constructor: { prototype: { isOperator: true } } }],
  ])('a client does not set %s', async (_, more) => {
    const orderId = unique('order');
    const order = { orderId, userId: scene.attacker, items: [{ itemId: scene.itemId, quantity: 1 }] };
    const text = JSON.stringify({ order }).replace('}]}', `}],${JSON.stringify(more).slice(1, -1)}}`);
    expect(outcome(await send(scene.mallory, '/api/orders', text))[0]).toBe(400);
    expect((await scene.mallory.get(`/api/orders/${orderId}`)).status).toBe(404);
  });

  test('what is held for others is not shown to customers', async () => {
    for (const path of [`/api/inventory/${scene.itemId}`, '/api/inventory'])
      expect(JSON.stringify((await scene.mallory.get(path)).body)).not.toContain('reservedQty');
  });

  test('answers about people are kept by no cache', async () => {
    for (const path of ['/api/orders', `/api/users/${scene.attacker}`])
      expect((await scene.mallory.get(path)).headers['cache-control']).toContain('no-store');
  });
});

describe('API5:2023 broken function level authorization', () => {
  test.each([
    ['POST', '/api/inventory', { itemId: 'free', itemName: 'Free', availableQty: 1 }],
    ['POST', '/ops/dead-letters/redrive', { filter: {}, by: 'ann' }],
    ['GET', '/ops/dead-letters', undefined],
    ['GET', '/ops/stuck-orders', undefined],
    ['GET', '/ops/actions', undefined],
  ] as const)('%s %s is not for customers', async (method, path, body) => {
    const answer = await (method === 'GET' ? scene.mallory.get(path) : scene.mallory.post(path, body));
    expect(outcome(answer)).toEqual([403, 'FORBIDDEN']);
    expect(answer.headers['www-authenticate']).toContain('insufficient_scope');
  });

  test('no way of writing it makes a customer an operator', async () => {
    // As they are written here: a client would straighten them.
    const bearing = `Host: localhost\r\nAuthorization: Bearer ${scene.malloryToken}\r\n\r\n`;
    for (const path of ['/%6fps', '/OPS', '//ops', '/api/../ops', '/api/%2e%2e/ops', '/ops;x', '/./ops'])
      expect(await raw(secured.url, `GET ${path}/dead-letters HTTP/1.1\r\n${bearing}`)).not.toContain(
        ' 200 ',
      );
    const override = { 'x-http-method-override': 'GET', 'x-original-url': '/ops/dead-letters' };
    expect((await scene.mallory.send('GET', '/ops/dead-letters', override)).status).toBe(403);
    expect((await scene.mallory.send('HEAD', '/ops/dead-letters', {})).status).toBe(403);
  });

  test('what services ask one another is not there for anybody, whatever they bear', async () => {
    const admin = await secured.as('root', 'ops:write', 'ops:read', 'orders:write.any', 'catalog:write');
    const move = { to: 'DELIVERED', orderIds: [scene.orderId], cause: 'mallory' };
    for (const [path, body] of [
      ['/internal/orders/move', move],
      ['/internal/reservations/release', { reservations: [] }],
      ['/internal/users/find', { userIds: [scene.victim] }],
      ['/calls', { operation: 'GET /api/orders/:orderId', calls: [] }],
    ] as const)
      expect(outcome(await admin.post(path, body))).toEqual([404, 'ROUTE_NOT_FOUND']);
    await SHOULD_BE_PENDING();
  });

  test('scopes count only where the issuer writes them', async () => {
    const odd = secured.bearing(await secured.tokenFor(scene.attacker, 'ops:read,ops:write' as 'ops:read'));
    expect((await odd.get('/ops/dead-letters')).status).toBe(403);
  });
});
