import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DECLARED_OPERATIONS } from '@order-pipeline/contracts';
import { startSystem } from '@order-pipeline/launcher';
import { eventually, times } from '@order-pipeline/testing';
import { unique } from '../gateway.ts';
import { claimsFor, hmacToken, outcome, raw, send, useScene, UNITS } from './attacks.ts';
import { startSecuredSystem } from './secured-system.ts';

const { secured, scene } = useScene();

/** A customer who has nothing to do with the attack. */
const placesAnOrder = async (): Promise<void> => {
  const answer = await scene.shop.place(unique('order'), scene.victim, { [scene.itemId]: 1 });
  expect(answer.status).toBe(201);
};

const orderWith = (items: string): string =>
  `{"order":{"orderId":"${unique('order')}","userId":"${scene.attacker}","items":${items}}}`;

describe('API4:2023 unrestricted resource consumption', () => {
  const BODIES: Readonly<Record<string, () => readonly [string, string, number]>> = {
    'a body of 1 MB': () => ['/api/orders', orderWith(`[${'1,'.repeat(500_000)}1]`), 413],
    'more lines than an order may have': () => [
      '/api/orders',
      orderWith(`[${times(101, (index) => `{"itemId":"i${index}","quantity":1}`).join()}]`),
      400,
    ],
    'ten thousand lines that are none': () => ['/api/orders', orderWith(`[${'{},'.repeat(10_000)}{}]`), 400],
    'a body nested 20,000 deep': () => ['/api/orders', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 400],
    'a name that makes patterns backtrack': () => [
      '/api/users',
      JSON.stringify({ userId: scene.attacker, name: `${'a'.repeat(3_000)}\u007f`, email: 'a@b.co' }),
      400,
    ],
    'more units than there may be': () => [
      '/api/orders',
      orderWith(`[{"itemId":"${scene.itemId}","quantity":1e300}]`),
      400,
    ],
  };

  test.each(Object.keys(BODIES))('%s is refused, and others are served', async (name) => {
    const [path, body, status] = BODIES[name]?.() ?? ['', '', 0];
    const attacks = await Promise.all(times(8, () => send(scene.mallory, path, body)));
    expect(attacks.map((answer) => answer.status)).toEqual(times(8, () => status));
    await placesAnOrder();
  });

  test('no list is longer than a page may be', async () => {
    for (const limit of ['1001', '1e9', '-1', '0'])
      expect(outcome(await scene.mallory.get(`/api/orders?limit=${limit}`))).toEqual([
        400,
        'VALIDATION_FAILED',
      ]);
  });

  test('a flood is cut off by address, with the time to wait, and bad tokens are counted too', async () => {
    const limited = await startSecuredSystem({ environment: { RATE_LIMIT: '20' } });
    const answers = await Promise.all(times(60, () => limited.bearing('a.b.c').get('/api/orders')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers } of refused) expect(headers['retry-after']).toBeDefined();
    await limited.stop();
  }, 60_000);
});

describe('API6:2023 unrestricted access to sensitive business flows', () => {
  test('of many who race for the last unit one gets it', async () => {
    const itemId = unique('rare');
    await scene.shop.addItem(itemId, 1);
    const answers = await Promise.all(
      times(24, () => scene.mallory.place(unique('order'), scene.attacker, { [itemId]: 1 })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
  });

  test('one order that is cancelled many times at once gives its stock back once', async () => {
    const [itemId, orderId] = [unique('item'), unique('order')];
    await scene.shop.addItem(itemId, 5);
    await scene.mallory.place(orderId, scene.attacker, { [itemId]: 5 });
    const answers = await Promise.all(times(16, () => scene.mallory.post(`/api/orders/${orderId}/cancel`)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await eventually(async () =>
      expect(await scene.shop.stockOf(itemId)).toEqual({ availableQty: 5, reservedQty: 0 }),
    );
  });

  test("an order that is sent again in another's name, or with other content, takes nothing", async () => {
    const answer = await scene.mallory.place(scene.orderId, scene.attacker, { [scene.itemId]: 7 });
    expect(outcome(answer)).toEqual([409, 'ID_TAKEN']);
    const negative = orderWith(`[{"itemId":"${scene.itemId}","quantity":-5}]`);
    expect((await send(scene.mallory, '/api/orders', negative)).status).toBe(400);
    const stock = await scene.shop.stockOf(scene.itemId);
    expect(stock.availableQty + stock.reservedQty).toBe(UNITS);
  });
});

describe('API7:2023 server side request forgery', () => {
  let hits = 0;
  let trap: Server;
  let trapUrl: string;

  beforeAll(async () => {
    trap = createServer((_, response) => {
      hits += 1;
      response.end('{"keys":[]}');
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise((resolve) => trap.close(resolve)));

  test('no token has the gateway fetch anything', async () => {
    for (const head of [
      { jku: trapUrl },
      { x5u: trapUrl },
      { kid: trapUrl },
      { alg: 'RS256', jku: trapUrl },
    ]) {
      const forged = hmacToken({ alg: 'ES256', ...head }, claimsFor(scene.victim, { iss: trapUrl }), 'x');
      expect((await secured.bearing(forged).get('/api/orders')).status).toBe(401);
    }
    expect(hits).toBe(0);
  });

  test('no id, header or target has any service fetch anything', async () => {
    const headers = { 'x-forwarded-host': trapUrl, 'x-original-url': trapUrl, forwarded: `host=${trapUrl}` };
    await scene.mallory.send('GET', `/api/orders/${encodeURIComponent(trapUrl)}`, headers);
    await scene.mallory.send('GET', `/api/users/${encodeURIComponent(`@${trapUrl}`)}`, headers);
    expect(await raw(secured.url, `GET ${trapUrl}/ HTTP/1.1\r\nHost: localhost\r\n\r\n`)).not.toContain(
      ' 200 ',
    );
    expect(hits).toBe(0);
  });
});

describe('API8:2023 security misconfiguration', () => {
  test('a page from elsewhere changes nothing and reads nothing', async () => {
    const cross = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const cancel = await scene.shop.send('POST', `/api/orders/${scene.orderId}/cancel`, cross);
    expect(outcome(cancel)).toEqual([403, 'CROSS_SITE_REFUSED']);
    const rebound = await scene.shop.send('GET', '/api/orders', { host: 'evil.example' });
    expect(outcome(rebound)).toEqual([403, 'HOST_NOT_ALLOWED']);
    const preflight = await scene.shop.send('OPTIONS', '/api/orders', {
      ...cross,
      'access-control-request-method': 'POST',
    });
    expect(Object.keys(preflight.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test('a refusal reveals nothing of what is inside', async () => {
    for (const answer of [
      await send(scene.mallory, '/api/orders', '{"order":'),
      await scene.mallory.get('/api/orders/%'),
      await scene.mallory.send('TRACE', '/api/orders', {}),
      await secured.bearing('a.b.c').get('/api/orders'),
    ]) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:|at \w+ \(|postgres|jose/i);
      expect(answer.headers['x-powered-by'] ?? answer.headers['server']).toBeUndefined();
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  test('metrics are not there for customers', async () => {
    for (const client of [secured.nobody, scene.mallory])
      expect(outcome(await client.get('/metrics'))).toEqual([404, 'ROUTE_NOT_FOUND']);
  });

  test.each([
    ['0.0.0.0', {}],
    ['0.0.0.0', { AUTH_DEV_ISSUER: 'on' }],
    ['127.0.0.1', { AUTH_DEV_ISSUER: 'on', AUTH_ISSUER: 'https://id.example', AUTH_AUDIENCE: 'a' }],
  ])('a start on %s with %j is refused before anything is opened', async (HOST, settings) => {
    const environment = { PORT: '0', DATA_DIR: '/nowhere', HOST, ...settings };
    await expect(async () => startSystem({ environment })).rejects.toThrow(/AUTH_(?:DEV_)?ISSUER/);
  });
});

describe('API9:2023 improper inventory management', () => {
  test('what is documented is all that there is', async () => {
    const { body } = await secured.nobody.get('/openapi.json');
    const { paths } = body as { paths: Record<string, object> };
    const documented = Object.values(paths).flatMap((methods) => Object.keys(methods));
    expect(documented).toHaveLength(Object.keys(DECLARED_OPERATIONS).length);
  });

  test.each([
    '/api/v1/orders',
    '/v1/orders',
    '/admin',
    '/debug/pprof',
    '/.env',
    '/.git/config',
    '/actuator',
    '/graphql',
    '/internal/orders/statuses',
    '/dev-issuer/token',
    '/dev-issuer.json',
  ])('%s is nothing', async (path) => {
    expect(outcome(await scene.shop.get(path))).toEqual([404, 'ROUTE_NOT_FOUND']);
  });
});

describe('API10:2023 unsafe consumption of APIs', () => {
  test('events that somebody puts into the topics move no order that is not due', async () => {
    const producer = secured.system.infrastructure.broker.connect(unique('forger')).producer();
    await producer.connect();
    const order = { orderId: scene.orderId, userId: scene.victim, items: [], status: 'SHIPPED' };
    const odd = ['{', 'null', '[]', '{"__proto__":{"status":"SHIPPED"}}', JSON.stringify(order)];
    const messages = odd.map((value) => ({ key: scene.orderId, value }));
    for (const topic of ['ORDER_PLACED', 'ORDER_PROCESSING'])
      await producer.sendBatch({ topicMessages: [{ topic, messages }] });
    await producer.disconnect();
    const ann = await secured.as('ann', 'ops:read');
    await eventually(
      async () => {
        const { body } = await ann.get(`/ops/dead-letters?orderId=${scene.orderId}&limit=1000`);
        expect(body).toHaveLength(2 * odd.length);
      },
      { timeoutMs: 30_000 },
    );
    expect(await scene.shop.statusOf(scene.orderId)).toBe('PENDING');
    await placesAnOrder();
  }, 60_000);
});
