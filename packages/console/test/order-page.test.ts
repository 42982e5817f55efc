import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { HistoryEntry, Order, OrderStatus } from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import { findChromium, see, textsOf, type Reader, type Tab } from './browser.ts';
import { useConsole } from './plain-system.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** In New York it is still the day before, in Kathmandu a quarter to six in the morning of the next. */
const PLACED_AT = '2026-01-31T00:00:01.234Z';

/** Three processes of Node beside it may keep the system from answering in time; the page asks again. */
const isBusy = (complaint: string): boolean => complaint.includes('status of 503');

jest.setTimeout(120_000);

(findChromium() === undefined ? describe.skip : describe)('in a browser', () => {
  // No turn comes: what is placed stays PENDING.
  const console = useConsole({ WORKFLOW_INTERVAL_MS: '3600000' });

  /** Creates something. A machine that is busy may refuse it at first, with 503. */
  const post = (at: string, body: unknown): Promise<void> =>
    eventually(
      async () => {
        const response = await fetch(console().url + at, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        expect([at, response.status]).toEqual([at, 201]);
      },
      { timeoutMs: 60_000 },
    );
  const place = (orderId: string): Promise<void> =>
    post('/api/orders', { order: { orderId, userId: 'ann', items: [{ itemId: 'lamp', quantity: 1 }] } });

  beforeAll(async () => {
    await post('/api/users', { userId: 'ann', name: 'Ann', email: 'ann@example.com' });
    await post('/api/inventory', { itemId: 'lamp', itemName: 'Lamp', availableQty: 9 });
  });

  /** Runs what was copied in a shell, where the README says that commands are run; answers what it printed. */
  const runInShell = async (command: string): Promise<string> => {
    const env = {
      ...process.env,
      NODE_OPTIONS: '',
      PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}`,
    };
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { cwd: ROOT, env });
    return stdout;
  };
  const copy = async ({ page }: Tab, title: string): Promise<string> => {
    const command = page.locator('.command').filter({ has: page.getByText(title, { exact: true }) });
    await command.getByRole('button').click();
    const shown = (await command.locator('pre').textContent()) ?? '';
    // It says 'Copied' for a moment only, which a busy machine may miss.
    await eventually(async () => expect(await page.evaluate('navigator.clipboard.readText()')).toBe(shown));
    return shown;
  };
  const statusOf = async (orderId: string): Promise<OrderStatus> =>
    ((await (await fetch(`${console().url}/api/orders/${orderId}`)).json()) as Order).status;

  test(
    'what is copied from the page of an order runs in a shell as it is',
    async () => {
      for (const orderId of ['by-curl', 'by-command']) await place(orderId);
      await console().withTab(async (tab) => {
        await tab.open('/console/orders/by-command');
        await see(tab.page, 'The same in a shell');
        const cancel = await copy(tab, 'Cancel it with the command line');
        const follow = await copy(tab, 'Follow it');
        await tab.open('/console/orders/by-curl');
        await see(tab.page, 'The same in a shell');
        const [order, history] = [
          JSON.parse(await runInShell(await copy(tab, 'Read the order'))) as Order,
          JSON.parse(await runInShell(await copy(tab, 'Read its history'))) as HistoryEntry[],
        ];
        expect(order).toMatchObject({ orderId: 'by-curl', status: 'PENDING' });
        expect(history).toEqual([expect.objectContaining({ status: 'PENDING', cause: 'placed' })]);
        const [shown, cancelled] = await Promise.all([
          runInShell(await copy(tab, 'Read both with the command line')),
          runInShell(cancel),
        ]);
        expect(shown).toMatch(/order +by-curl\nstatus +PENDING\n[^]*PENDING +placed/);
        expect(cancelled).toContain('by-command is CANCELLED');
        await runInShell(await copy(tab, 'Cancel it'));
        await see(tab.page, 'was cancelled, its stock was released');
        // It will not be delivered any more, which the command says by its exit code.
        expect(await runInShell(`${follow} || true`)).toMatch(/PENDING +placed\n.*CANCELLED/);
      }, isBusy);
      expect(await Promise.all(['by-curl', 'by-command'].map(statusOf))).toEqual(['CANCELLED', 'CANCELLED']);
    },
    // Each command of the command line starts a process of Node.
    300_000,
  );

  test('where the last event stands is said to be not reported when its process was killed before that', async () => {
    const before = "'2026-01-31T00:00:00Z'";
    await console().inDatabase(`
      INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
      VALUES ('unreported', 'ann', 'DELIVERED', '[{"itemId":"lamp","quantity":1}]', 'r', ${before}, ${before}, ${before})`);
    await console().inDatabase(`
      INSERT INTO order_history (order_id, status, at, cause, event_partition, event_offset) VALUES
        ('unreported', 'PENDING', ${before}, 'placed', NULL, NULL),
        ('unreported', 'PROCESSING', ${before}, 'workflow', 3, 7),
        ('unreported', 'SHIPPED', ${before}, 'shipping', 3, 8),
        ('unreported', 'DELIVERED', ${before}, 'delivery', 3, 9)`);
    for (const [width, cell] of [
      [1_400, 'td.position'],
      [400, 'div.position'],
    ] as const)
      await console().withTab(
        async ({ page, open }) => {
          await open('/console/orders/unreported');
          await see(page, 'not reported');
          expect(await textsOf(page.locator(`.timeline ${cell}`))).toEqual([
            'ORDER_PLACED partition 3, offset 7',
            'ORDER_PROCESSING partition 3, offset 8',
            'ORDER_SHIPPED partition 3, offset 9',
            'not reported',
          ]);
          expect(await textsOf(page.locator('.event summary'))).toEqual([
            'ORDER_PLACED partition 3, offset 7',
            'ORDER_PROCESSING partition 3, offset 8',
            'ORDER_SHIPPED partition 3, offset 9',
            'ORDER_DELIVERED not reported',
          ]);
        },
        () => false,
        { width },
      );
  });

  test.each([
    ['America/New_York', '30 Jan', '19:00:01'],
    ['Asia/Kathmandu', '31 Jan', '05:45:01'],
  ])('times are those of the reader in %s, and UTC under the pointer', async (timeZone, day, clock) => {
    const orderId = `placed-${timeZone.split('/')[1]}`;
    await place(orderId);
    await console().inDatabase(`
      UPDATE orders SET created_at = '${PLACED_AT}' WHERE id = '${orderId}'`);
    await console().inDatabase(`
      UPDATE order_history SET at = '${PLACED_AT}' WHERE order_id = '${orderId}'`);
    const reader: Reader = { timeZone };
    await console().withTab(
      async ({ page, open }) => {
        await open(`/console/orders/${orderId}`);
        const times = page.locator(`time[datetime="${PLACED_AT}"]`);
        await times.nth(1).waitFor();
        // Of the rail to the second, of the facts and of the timeline to the millisecond.
        expect(new Set(await textsOf(times))).toEqual(new Set([`${day}, ${clock}`, `${day}, ${clock}.234`]));
        for (const one of await times.all())
          expect(await one.getAttribute('title')).toBe('2026-01-31 00:00:01.234 UTC');
      },
      () => false,
      reader,
    );
  });
});
