import { createAuthority, issueCertificate } from '@order-pipeline/certificates';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { createGateway, type Gateway } from '../gateway.ts';
import { auditCompose, createCompose, type Compose } from './compose.ts';
import { setUpLoad } from './load.ts';

// docker-compose.secure.yml: services that prove themselves, and somebody among them who tries what is not theirs.

const MINUTE_MS = 60_000;

let compose: Compose;
let gateway: Gateway;

beforeAll(async () => {
  compose = await createCompose({ WORKFLOW_INTERVAL_MS: '500', RATE_LIMIT: 'off' }, [
    'docker-compose.secure.yml',
  ]);
  gateway = createGateway(compose.url);
  await compose.run('up', '--build', '--wait', '--quiet-pull');
}, 10 * MINUTE_MS);

afterAll(async () => {
  await gateway?.close();
  await compose?.run('down', '--volumes', '--timeout', '10');
}, 2 * MINUTE_MS);

/** What runs inside a container: it asks once and prints the status, or that there was no answer. */
const ASK = `
const fs = require('node:fs');
const { url, own, pair, body, headers } = JSON.parse(process.argv[1]);
const files = { cert: '/run/tls/tls.crt', key: '/run/tls/tls.key' };
const shown = own ? Object.fromEntries(Object.entries(files).map(([k, f]) => [k, fs.readFileSync(f)])) : pair;
const request = require(url.startsWith('https') ? 'node:https' : 'node:http').request(url, {
  method: body ? 'POST' : 'GET', rejectUnauthorized: false, headers: { ...headers, 'content-type': 'application/json' }, ...shown,
}, (response) => { console.log(response.statusCode); process.exit(0); });
request.on('error', () => { console.log('no answer'); process.exit(0); });
request.end(body && JSON.stringify(body));
`;

interface Asked {
  /** Shows the certificate of the service in whose container it is. */
  readonly own?: boolean;
  readonly pair?: { readonly cert: string; readonly key: string };
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

const askFrom = async (service: string, url: string, asked: Asked): Promise<string> =>
  (await compose.run('exec', '-T', service, 'node', '-e', ASK, JSON.stringify({ url, ...asked }))).trim();

const MOVE = { to: 'SHIPPED', orderIds: ['not-there'], cause: 'a test' };
const RESERVE = {
  requests: [{ orderId: 'ghost', reservationId: 'ghost', lines: [{ itemId: 'item1', quantity: 1 }] }],
};

test(
  'orders walk to DELIVERED',
  async () => {
    const { place, allDelivered } = await setUpLoad(gateway);
    const orderIds = await place(20);
    expect(orderIds).toHaveLength(20);
    await allDelivered(orderIds);
  },
  4 * MINUTE_MS,
);

test(
  'shipping may move orders, and do nothing else, whatever it says',
  async () => {
    const own = true;
    const asAlice = { 'x-actor': 'anybody' };
    const inCalls = (operation: string, body: unknown) => ({
      operation,
      calls: [{ requestId: 'r', traceparent: '', actor: 'anybody', body }],
    });
    const answers = {
      move: await askFrom('shipping', 'https://orders:3000/internal/orders/move', { own, body: MOVE }),
      settle: await askFrom('shipping', 'https://orders:3000/internal/orders/settle', { own, body: {} }),
      reserve: await askFrom('shipping', 'https://inventory:3000/internal/reservations/reserve', {
        own,
        body: RESERVE,
      }),
      reserveInCalls: await askFrom('shipping', 'https://inventory:3000/calls', {
        own,
        body: inCalls('POST /internal/reservations/reserve', RESERVE),
      }),
      order: await askFrom('shipping', 'https://orders:3000/api/orders/x', { own, headers: asAlice }),
      facade: await askFrom('shipping', 'https://orders-facade:3000/api/orders/x', { own, headers: asAlice }),
    };
    expect(answers).toEqual({
      move: '200',
      settle: '403',
      reserve: '403',
      reserveInCalls: '403',
      order: '403',
      facade: '403',
    });
  },
  2 * MINUTE_MS,
);

test(
  'who has no certificate of the authority gets nothing, and nobody gets anything in the clear',
  async () => {
    const validity = { now: Date.now(), days: 1 };
    const stranger = await createAuthority('stranger', validity);
    const { certificate: cert, key } = await issueCertificate(stranger, { name: 'workflow' }, validity);
    const move = 'https://orders:3000/internal/orders/move';
    expect(await askFrom('workflow', move, { body: MOVE })).toBe('403');
    expect(await askFrom('workflow', move, { body: MOVE, pair: { cert, key } })).toBe('403');
    expect(await askFrom('workflow', move, { body: MOVE, own: true })).toBe('200');
    expect(await askFrom('workflow', move.replace('https:', 'http:'), { body: MOVE })).toBe('no answer');
    expect(await askFrom('workflow', 'https://orders:3000/health/ready', {})).toBe('200');
    expect(await askFrom('workflow', 'http://orders:9464/health/ready', {})).toBe('200');
    expect(await askFrom('workflow', 'http://orders:9464/internal/orders/move', { body: MOVE })).toBe('404');
  },
  2 * MINUTE_MS,
);

test(
  'operators need the token that was made, and no container has it',
  async () => {
    const token = (
      await compose.run('exec', '-T', 'api-gateway', 'cat', '/run/secrets/operator-token')
    ).trim();
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    const ask = (authorization?: string) =>
      fetch(`${compose.url}/ops/dead-letters`, authorization ? { headers: { authorization } } : {});
    expect((await ask()).status).toBe(401);
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
    for (const { ID } of await compose.containers())
      expect(await compose.docker('inspect', ID)).not.toContain(token);
  },
  MINUTE_MS,
);

test(
  'certificates are renewed while orders are placed',
  async () => {
    const { place, allDelivered } = await setUpLoad(gateway);
    const serial = `const s = require('node:tls').connect({ host: 'orders', port: 3000, rejectUnauthorized: false }, () => { console.log(s.getPeerCertificate().serialNumber); process.exit(0); })`;
    const serialOf = () => compose.run('exec', '-T', 'workflow', 'node', '-e', serial);
    const before = await serialOf();
    const first = await place(20);
    await compose.run('run', '--rm', '-T', 'certificates');
    await eventually(async () => expect(await serialOf()).not.toBe(before), { timeoutMs: MINUTE_MS });
    const second = await place(20);
    expect([first.length, second.length]).toEqual([20, 20]);
    await allDelivered([...first, ...second]);
  },
  4 * MINUTE_MS,
);

test(
  'after all that, the audit finds no violation',
  () => eventually(() => auditCompose(compose, 30_000), { timeoutMs: 3 * MINUTE_MS }),
  5 * MINUTE_MS,
);
