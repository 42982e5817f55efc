import { beforeAll, expect, test } from '@jest/globals';
import type { HistoryEntry, Item, Order, Overview } from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import { runOrders, type Ended } from './run-orders.ts';
import { useSystem } from './system.ts';

const LIMIT_MS = 60_000;

const system = useSystem({ WORKFLOW_INTERVAL_MS: '500' });

beforeAll(async () => {
  expect(await orders('users', 'add', 'ann', '--name', 'Ann', '--email', 'ann@example.com')).toMatchObject({
    code: 0,
    out: 'ann is registered\n',
  });
  for (const itemId of ['desk', 'lamp'])
    expect(await orders('items', 'add', itemId, '--name', `A ${itemId}`, '--quantity', '9')).toMatchObject({
      code: 0,
      out: `${itemId} is added, with 9 in stock\n`,
    });
}, LIMIT_MS);

const orders = (...args: string[]): Promise<Ended> => runOrders([...args, '--url', system.url]);
const jsonOf = async <T>(...args: string[]): Promise<T> =>
  JSON.parse((await orders(...args, '--json')).out) as T;

test(
  'an order is placed, watched until it is delivered, shown and listed',
  async () => {
    const placed = await orders('place', 'desk=2', 'lamp', '--user', 'ann', '--order', 'order-watched');
    expect(placed).toEqual({ code: 0, out: 'order-watched is PENDING\n', err: '' });
    const watched = await orders('watch', 'order-watched', '--json');
    expect(watched).toMatchObject({ code: 0, err: '' });
    const steps = watched.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as HistoryEntry);
    expect(steps.map(({ status }) => status)).toEqual(['PENDING', 'PROCESSING', 'SHIPPED', 'DELIVERED']);
    expect((await orders('watch', 'order-watched')).out).toMatch(/^\S+ {2}PENDING {2}placed\n(.*\n){3}$/);
    const { out } = await orders('show', 'order-watched');
    expect(out).toMatch(/status {2}DELIVERED\nuser +ann\nitem +desk × 2\nitem +lamp × 1\n/);
    expect(out).toMatch(/DELIVERED +delivery/);
    // Where the last event stands is known a second later.
    await eventually(
      async () => {
        const shown = await jsonOf<{ history: HistoryEntry[] }>('show', 'order-watched');
        expect(shown).toMatchObject({ status: 'DELIVERED', history: steps });
        expect(shown.history.at(-1)?.published?.topic).toBe('ORDER_DELIVERED');
      },
      { timeoutMs: LIMIT_MS / 2 },
    );
    expect((await orders('show', 'order-watched')).out).toMatch(/ORDER_DELIVERED \d:\d+\n/);
    expect((await orders('list', '--status', 'DELIVERED')).out).toMatch(
      /order +status +user +items\norder-watched +DELIVERED +ann +desk × 2, lamp × 1\n\n1 order\n/,
    );
    expect(await jsonOf<Order[]>('list', '--user', 'ann', '--limit', '1')).toHaveLength(1);
    expect((await orders('list', '--user', 'ann', '--status', 'DELIVERED')).out).toMatch(
      /order +status +user +items +since +stuck\norder-watched +DELIVERED +ann +desk × 2, lamp × 1 +\S+Z/,
    );
    for (const [item, count] of [
      ['lamp', 1],
      ['no-such-item', 0],
    ] as const)
      expect(await jsonOf<Order[]>('list', '--item', item, '--user', 'ann')).toHaveLength(count);
    expect(await jsonOf('list', '--older-than', '86400', '--reason', 'EVENT_LOST')).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'top shows where orders are, again every second; as JSON a line each',
  async () => {
    const { code, out } = await orders('top', '--count', '1');
    expect(code).toBe(0);
    expect(out).toMatch(/^as of \S+Z\n\nstatus +orders +in\/min +oldest\nPENDING +\d+ +\d+/);
    expect(out).toContain('new orders are accepted');
    expect(out).toMatch(/\nworkflow +\d+ +ORDER_PLACED\n/);
    const pictures = (await orders('top', '--count', '2', '--json')).out.trim().split('\n');
    expect(pictures.map((line) => (JSON.parse(line) as Overview).services.length)).toEqual([8, 8]);
  },
  LIMIT_MS,
);

test(
  'a refusal is printed in the words of the gateway, and ends with 1',
  async () => {
    expect(await orders('place', 'desk=1000', '--user', 'ann')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('desk'),
    });
    expect(await orders('cancel', 'order-unknown')).toMatchObject({
      code: 1,
      err: expect.stringContaining('order-unknown'),
    });
    expect(await orders('users', 'show', 'bob')).toMatchObject({
      code: 1,
      err: expect.stringContaining('bob'),
    });
  },
  LIMIT_MS,
);

test(
  'watching an order that is cancelled ends with 1',
  async () => {
    // Cancelling races with the workflow, so that it is tried until it has come first.
    for (let attempt = 0; ; attempt += 1) {
      const orderId = `order-cancelled-${attempt}`;
      await orders('place', 'lamp', '--user', 'ann', '--order', orderId);
      const cancelled = await orders('cancel', orderId);
      if (cancelled.code === 1) continue;
      expect(cancelled.out).toBe(`${orderId} is CANCELLED\n`);
      expect(await orders('watch', orderId)).toMatchObject({ code: 1, err: `${orderId} is not DELIVERED\n` });
      expect(await orders('watch', orderId, '--until', 'CANCELLED')).toMatchObject({ code: 0, err: '' });
      return;
    }
  },
  LIMIT_MS,
);

test(
  'watching ends with 1 when the time is over',
  async () => {
    await orders('items', 'add', 'chair', '--name', 'A chair', '--quantity', '1');
    const placed = await jsonOf<{ orderId: string }>('place', 'chair', '--user', 'ann');
    const watched = await orders('watch', placed.orderId, '--until', 'CANCELLED', '--timeout', '1');
    expect(watched).toMatchObject({ code: 1, err: `${placed.orderId} is not CANCELLED\n` });
  },
  LIMIT_MS,
);

test(
  'stock is added once under a key, and listed',
  async () => {
    await orders('items', 'add', 'shelf', '--name', 'A shelf', '--quantity', '1');
    for (let times = 0; times < 2; times += 1)
      expect(await orders('items', 'restock', 'shelf', '4', '--key', 'delivery-1')).toMatchObject({
        code: 0,
        out: 'shelf has 5 available\n',
      });
    const items = await jsonOf<Item[]>('items', 'list');
    expect(items.find(({ itemId }) => itemId === 'shelf')).toMatchObject({ availableQty: 5, reservedQty: 0 });
    expect((await orders('items', 'list', '--limit', '1')).out).toMatch(
      /shelf +A shelf +5 +0\n\n1 item; there are more/,
    );
  },
  LIMIT_MS,
);

test('orders that are stuck are listed, and there are none', async () => {
  expect((await orders('stuck')).out).toMatch(/^There are no such stuck orders\./);
  expect(await jsonOf('stuck')).toMatchObject({ total: 0, orders: [] });
});

test(
  'the audit asks the gateway as the others do',
  async () => {
    const { code, out } = await orders('audit');
    expect(code).toBe(0);
    expect(out).toContain('No violation was found');
  },
  LIMIT_MS,
);
