import { createAuthority, issueCertificate } from '@order-pipeline/certificates';
import { beforeAll, expect, test } from '@jest/globals';
import { ACTOR_HEADER, SERVICE_NAMES } from '@order-pipeline/contracts';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import { auditCompose } from './compose.ts';
import { createInside } from './inside.ts';
import { setUpLoad } from './load.ts';
import { useStack } from './stack.ts';

// docker-compose.secure.yml: services that prove themselves, and somebody among them who tries what is not theirs.

const WRONG_PASSWORD = '28P01';
const NOT_ALLOWED = '42501';
const MIN_SECRET_LENGTH = 16;

const stack = useStack(async () => ({
  settings: { RATE_LIMIT: 'off' },
  files: ['docker-compose.secure.yml'],
}));
let inside: ReturnType<typeof createInside>;

beforeAll(() => {
  inside = createInside(stack().compose);
});

const MOVE = { to: 'SHIPPED', orderIds: ['not-there'], cause: 'a test' };
const RESERVE = {
  requests: [{ orderId: 'ghost', reservationId: 'ghost', lines: [{ itemId: 'item1', quantity: 1 }] }],
};

test(
  'orders walk to DELIVERED',
  async () => {
    const { place, allDelivered } = await setUpLoad(stack().gateway);
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
      move: await inside.ask('shipping', 'https://orders:3000/internal/orders/move', { own, body: MOVE }),
      settle: await inside.ask('shipping', 'https://orders:3000/internal/orders/settle', { own, body: {} }),
      reserve: await inside.ask('shipping', 'https://inventory:3000/internal/reservations/reserve', {
        own,
        body: RESERVE,
      }),
      reserveInCalls: await inside.ask('shipping', 'https://inventory:3000/calls', {
        own,
        body: inCalls('POST /internal/reservations/reserve', RESERVE),
      }),
      order: await inside.ask('shipping', 'https://orders:3000/api/orders/x', { own, headers: asAlice }),
      facade: await inside.ask('shipping', 'https://orders-facade:3000/api/orders/x', {
        own,
        headers: asAlice,
      }),
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
    expect(await inside.ask('workflow', move, { body: MOVE })).toBe('403');
    expect(await inside.ask('workflow', move, { body: MOVE, pair: { cert, key } })).toBe('403');
    expect(await inside.ask('workflow', move, { body: MOVE, own: true })).toBe('200');
    expect(await inside.ask('workflow', move.replace('https:', 'http:'), { body: MOVE })).toBe('no answer');
    expect(await inside.ask('workflow', 'https://orders:3000/health/ready', {})).toBe('200');
    expect(await inside.ask('workflow', 'http://orders:9464/health/ready', {})).toBe('200');
    expect(await inside.ask('workflow', 'http://orders:9464/internal/orders/move', { body: MOVE })).toBe(
      '404',
    );
    // Nor does it help to say for whom one asks.
    const forged = { pair: { cert, key }, headers: { [ACTOR_HEADER]: 'anybody' } };
    for (const url of ['https://orders-facade:3000/ops/dead-letters', 'https://users:3000/api/users/alice'])
      expect(await inside.ask('workflow', url, forged)).toBe('403');
  },
  2 * MINUTE_MS,
);

test(
  'from outside there is the gateway alone, and it reads no header that says who asks',
  async () => {
    const { compose } = stack();
    const published = (await compose.containers()).flatMap(({ Service, Publishers }) =>
      (Publishers ?? [])
        .filter(({ PublishedPort }) => PublishedPort > 0)
        .map(({ URL, PublishedPort }) => `${Service} ${URL}:${PublishedPort}`),
    );
    expect(published).toEqual([`api-gateway ${compose.url.replace('http://', '')}`]);
    const headers = { [ACTOR_HEADER]: 'anybody' };
    expect((await fetch(`${compose.url}/ops/dead-letters`, { headers })).status).toBe(401);
    for (const url of ['https://orders:3000/health/live', 'http://kafka:9092', 'http://postgres:5432'])
      expect(await inside.ask('api-gateway', url, {})).toBe('no answer');
  },
  MINUTE_MS,
);

test(
  'Kafka takes nobody without TLS and a login, nobody by the password of another, and from each what is its own',
  async () => {
    const wrong = expect.stringContaining('Invalid username or password');
    const attempts = [
      [{ tls: false, topic: 'ORDER_SHIPPED' }, 'Closed connection'],
      [{ tls: false, user: 'shipping', topic: 'ORDER_SHIPPED' }, 'Closed connection'],
      [{ tls: true, topic: 'ORDER_SHIPPED' }, 'Closed connection'],
      [{ tls: true, user: 'delivery', topic: 'ORDER_DELIVERED' }, wrong],
      [{ tls: true, user: 'admin', topic: 'ORDER_DELIVERED' }, wrong],
      [{ tls: true, user: 'broker', topic: 'ORDER_DELIVERED' }, wrong],
      [{ tls: true, user: 'shipping', topic: 'ORDER_DELIVERED' }, 'TOPIC_AUTHORIZATION_FAILED'],
      [{ tls: true, user: 'shipping', topic: 'ORDER_PLACED' }, 'TOPIC_AUTHORIZATION_FAILED'],
      [{ tls: true, user: 'shipping', topic: 'MINE' }, 'TOPIC_AUTHORIZATION_FAILED'],
    ] as const;
    expect(
      await inside.tryKafka(
        'shipping',
        attempts.map(([attempt]) => attempt),
      ),
    ).toEqual(attempts.map(([, answer]) => answer));
  },
  2 * MINUTE_MS,
);

test(
  'PostgreSQL lets each service into its own database, and nobody by the password of another',
  async () => {
    const attempts = [
      [{}, 'let in'],
      [{ password: 'guessed' }, WRONG_PASSWORD],
      [{ username: 'orders', pathname: '/orders' }, WRONG_PASSWORD],
      [{ username: 'postgres', pathname: '/postgres' }, WRONG_PASSWORD],
      [{ pathname: '/orders' }, NOT_ALLOWED],
      [{ pathname: '/postgres' }, NOT_ALLOWED],
    ] as const;
    expect(
      await inside.tryPostgres(
        'users',
        attempts.map(([changes]) => changes),
      ),
    ).toEqual(attempts.map(([, answer]) => answer));
  },
  MINUTE_MS,
);

test(
  'operators need the token that was made, and no container has it',
  async () => {
    const { compose } = stack();
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
    const { compose } = stack();
    const { place, allDelivered } = await setUpLoad(stack().gateway);
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

/** Everything that nobody but its owner may read: passwords, the operators' token, and the lines of private keys. */
const readSecrets = async (): Promise<string[]> => {
  const commands = [
    ['postgres', 'cat /run/secrets/*'],
    ['kafka', 'cat /run/secrets/* /run/tls/tls.key'],
    ['orders', 'cat /run/tls/tls.key'],
    ['api-gateway', 'cat /run/secrets/operator-token /run/tls/tls.key'],
  ] as const;
  const texts = [];
  for (const [service, command] of commands)
    texts.push(await stack().compose.run('exec', '-T', service, 'sh', '-c', command));
  const lines = texts.flatMap((text) => text.split('\n'));
  return lines.filter((line) => line.length >= MIN_SECRET_LENGTH && !line.startsWith('-----'));
};

test(
  'no secret is in what Docker tells of the containers, in a log, a metric or an answer',
  async () => {
    const { compose } = stack();
    const secrets = await readSecrets();
    // Four passwords of PostgreSQL, seven of Kafka, a token, and three keys of several lines.
    expect(secrets.length).toBeGreaterThan(14);
    const shown = new Map<string, string>();
    for (const { ID, Service } of await compose.containers())
      shown.set(`inspect ${Service}`, await compose.docker('inspect', ID));
    shown.set('logs', await compose.run('logs', '--no-color'));
    const metrics =
      "fetch('http://127.0.0.1:9464/metrics').then((answer) => answer.text()).then((text) => console.log(text))";
    for (const service of SERVICE_NAMES)
      shown.set(`metrics of ${service}`, await compose.run('exec', '-T', service, 'node', '-e', metrics));
    for (const where of ['/api/orders/none', '/ops/actions', '/nowhere', '/health/ready', '/openapi.json'])
      shown.set(where, await (await fetch(`${compose.url}${where}`)).text());
    expect(shown.get('logs')).toContain('is Denied operation');
    expect(shown.get('metrics of orders')).toContain('kafka_up{');
    const leaks = [...shown].filter(([, text]) => secrets.some((secret) => text.includes(secret)));
    expect(leaks.map(([where]) => where)).toEqual([]);
  },
  2 * MINUTE_MS,
);

test(
  'after all that, the audit finds no violation',
  () => eventually(() => auditCompose(stack().compose, 30_000), { timeoutMs: 3 * MINUTE_MS }),
  5 * MINUTE_MS,
);
