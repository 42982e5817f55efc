import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { HOUR_MS, DAY_MS } from '@order-pipeline/service-kit';
import { dataDir, end, eventually, get, launch, ownDataDir, post, statusOf } from './system-harness.ts';

const PRELOAD = fileURLToPath(new URL('stepped-clock.cjs', import.meta.url));
/** How long a member of a group may be silent. */
const SESSION_MS = 10_000;
const MARGIN_MS = 5_000;
const ORDERS = ['a', 'b', 'c'];

ownDataDir();

const clockFile = (): string => path.join(path.dirname(dataDir), 'clock');

const setClock = (aheadMs: number): void => writeFileSync(clockFile(), String(aheadMs));

const launchWithClock = (settings: Record<string, string> = {}) =>
  launch([], { NODE_OPTIONS: `--require ${PRELOAD}`, CLOCK_FILE: clockFile(), ...settings });

const stock = async (url: string): Promise<void> => {
  const answers = [
    await post(`${url}/api/users`, { userId: 'user11', name: 'Sriram', email: 'sriram@example.com' }),
    await post(`${url}/api/inventory`, { itemId: 'item1', itemName: 'Laptop', availableQty: 100_000 }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([201, 201]);
};

const place = async (url: string, orderIds: readonly string[]): Promise<void> => {
  for (const orderId of orderIds) {
    const order = { orderId, userId: 'user11', items: [{ itemId: 'item1', quantity: 1 }] };
    expect((await post(`${url}/api/orders`, { order })).status).toBe(201);
  }
};

/** Places orders until one has the date that the clock was set to; answers them all. */
const placeUnderNewClock = async (url: string, aheadMs: number): Promise<string[]> => {
  const placed: string[] = [];
  await eventually(async () => {
    const orderId = `under-${aheadMs}-${placed.length}`;
    await place(url, [orderId]);
    placed.push(orderId);
    const { createdAt } = (await get(`${url}/api/orders/${orderId}`)) as { createdAt: string };
    expect(Math.abs(Date.parse(createdAt) - aheadMs - Date.now())).toBeLessThan(HOUR_MS);
  });
  return placed;
};

const allDelivered = (url: string, orderIds: readonly string[]): Promise<void> =>
  eventually(async () => {
    for (const orderId of orderIds) expect(await statusOf(url, orderId)).toBe('DELIVERED');
    expect(await get(`${url}/api/inventory/item1`)).toMatchObject({ reservedQty: 0 });
  }, 30_000);

test('orders that a killed run has dated two hours ahead go on at once under the right clock', async () => {
  setClock(2 * HOUR_MS);
  const first = launchWithClock({ WORKFLOW_INTERVAL_MS: '600000' });
  const before = await first.running();
  await stock(before);
  await place(before, ORDERS);
  for (const orderId of ORDERS) expect(await statusOf(before, orderId)).toBe('PENDING');
  await end(first.child, 'SIGKILL');
  setClock(0);
  const second = launchWithClock();
  await allDelivered(await second.running(), ORDERS);
}, 90_000);

test.each([
  ['31 days ahead, then right', 31 * DAY_MS, 0],
  ['right, then 31 days ahead', 0, 31 * DAY_MS],
])(
  'a clock that is %s while the system runs stops nothing, and sets no timer that overflows',
  async (_, before, after) => {
    setClock(before);
    const { running, output } = launchWithClock();
    const url = await running();
    await stock(url);
    const placed = await placeUnderNewClock(url, before);
    setClock(after);
    const since = performance.now();
    placed.push(...(await placeUnderNewClock(url, after)));
    // Sessions that began under the old clock are looked at when they would end.
    for (let index = 0; performance.now() - since < SESSION_MS + MARGIN_MS; index += 1) {
      await place(url, [`meanwhile-${index}`]);
      placed.push(`meanwhile-${index}`);
      await allDelivered(url, placed.slice(-1));
    }
    await allDelivered(url, placed);
    expect(output().split('TimeoutOverflowWarning').length - 1).toBe(0);
  },
  120_000,
);
