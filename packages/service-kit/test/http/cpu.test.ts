import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  bodyLimitOf,
  inventoryApi,
  operatorApi,
  orderLifecycleApi,
  ordersApi,
  reservationsApi,
  usersApi,
  type Operation,
} from '@order-pipeline/contracts';
import { defineTestService, startTestService, type TestService } from '@order-pipeline/testing';

const MAX_CPU_MS = 50;

const OPERATIONS: readonly Operation[] = [
  usersApi,
  inventoryApi,
  reservationsApi,
  ordersApi,
  orderLifecycleApi,
  operatorApi,
].flatMap((api) => Object.values<Operation>(api));

let service: TestService;

beforeAll(async () => {
  const routes = OPERATIONS.map((operation) => ({
    operation,
    handle: async () => ({ status: 200, body: {} }),
  }));
  service = await startTestService(defineTestService('orders', async () => ({ routes })));
});

afterAll(() => service.close());

const units = [
  '1',
  '""',
  '{}',
  '[]',
  '{"itemId":"","quantity":0}',
  '{"orderId":"o","lines":[{}]}',
  '"a\\u0000"',
];

/** JSON of at most so many bytes that is hard to parse, to count or to say what is wrong with. */
const worstBodies = (bytes: number, fields: readonly string[]): string[] => {
  const room = bytes - 80;
  const list = (unit: string): string =>
    `[${`${unit},`.repeat(Math.floor(room / (unit.length + 1)))}${unit}]`;
  const keys = Array.from({ length: Math.floor(room / 12) }, (_, n) => `"${String(n).padStart(7, 'k')}":1`);
  const text = `"${'a'.repeat(room)}\u007f"`;
  const values = [...units.map(list), text, `{${keys.join()}}`, `"${'\u200d'.repeat(Math.floor(room / 3))}"`];
  return [
    `${' '.repeat(room)}{}`,
    '['.repeat(room / 2) + ']'.repeat(room / 2),
    '{"a":'.repeat(Math.floor(room / 6)) + '1' + '}'.repeat(Math.floor(room / 6)),
    ...values,
    ...fields.flatMap((field) => values.map((value) => `{"${field}":${value}}`)),
    `{"order":{"orderId":"o","userId":"u","items":${list(units[4] ?? '')}}}`,
    `{"requests":[{"orderId":"o","lines":${list(units[4] ?? '')}}]}`,
  ];
};

const cpuMsOf = async (url: string, payload: string): Promise<number> => {
  const headers = { 'content-type': 'application/json' };
  const before = process.cpuUsage();
  const { statusCode } = await service.server.inject({ method: 'POST', url, payload, headers });
  const { user, system } = process.cpuUsage(before);
  expect(statusCode).toBeLessThan(500);
  return (user + system) / 1_000;
};

/** The least of a few: what the process does beside the request, as collecting garbage, is not its doing. */
const leastCpuMs = async (url: string, payload: string): Promise<number> => {
  let least = await cpuMsOf(url, payload);
  for (let again = 0; again < 20 && least > MAX_CPU_MS; again += 1)
    least = Math.min(least, await cpuMsOf(url, payload));
  return least;
};

const posted: (readonly [string, number, readonly string[]])[] = [
  ...OPERATIONS.filter(({ method }) => method === 'POST').map(
    (operation) =>
      [
        operation.path.replaceAll(/:\w+/g, 'x1'),
        bodyLimitOf(operation),
        Object.keys(operation.body?.properties ?? {}),
      ] as const,
  ),
  ['/calls', 262_144, ['operation', 'calls']],
];

test.each(posted)('no body of %s below its limit costs 50 ms of CPU', async (url, limitBytes, fields) => {
  for (const payload of worstBodies(limitBytes, fields)) {
    expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(limitBytes);
    const ms = await leastCpuMs(url, payload);
    expect(ms > MAX_CPU_MS ? { ms, body: payload.slice(0, 60) } : undefined).toBeUndefined();
  }
});

test('among calls each is held to the limit of its operation, however deep it is', async () => {
  const order = { order: { orderId: 'o', userId: 'u', items: [{ itemId: 'i', quantity: 1 }] } };
  const deep = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) as unknown;
  const bodies = [order, { order: { ...order.order, note: 'x'.repeat(66_000) } }, { order: deep }];
  const calls = bodies.map((body) => ({ requestId: 'r', traceparent: '', body }));
  const payload = { operation: 'POST /api/orders', calls };
  const response = await service.server.inject({ method: 'POST', url: '/calls', payload });
  const { replies } = response.json<{ replies: { status: number; body: unknown }[] }>();
  expect(replies.map(({ status }) => status)).toEqual([200, 413, 400]);
  expect(replies[1]?.body).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
});
