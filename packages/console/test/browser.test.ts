import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { DeadLetter } from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import type { Browser } from 'playwright-core';
import { seriousFindings } from './axe.ts';
import { findChromium, openTab, see, startBrowser, textsOf, type Reader, type Tab } from './browser.ts';
import { filterOrders, pageOrders } from './order-filters.ts';
import { startFilledSystem, type FilledSystem } from './filled-system.ts';
import { viewsOf } from './views.ts';

const chromium = findChromium();
/** What the browser itself says of an answer that is no success. */
const FAILED_ANSWER = /status of 40[04]/;

jest.setTimeout(120_000);

(chromium === undefined ? describe.skip : describe)('in a browser', () => {
  let system: FilledSystem;
  let browser: Browser;
  let letterIds: string[] = [];
  const withTab = async (use: (tab: Tab) => Promise<void>, options: Reader = {}): Promise<void> => {
    const tab = await openTab(browser, system.url, options);
    try {
      await use(tab);
      expect(tab.complaints.filter((line) => !FAILED_ANSWER.test(line))).toEqual([]);
    } finally {
      await tab.context.close();
    }
  };

  beforeAll(async () => {
    [system, browser] = await Promise.all([startFilledSystem(), startBrowser(chromium ?? '')]);
    const letters = (await (await fetch(`${system.url}/ops/dead-letters`)).json()) as DeadLetter[];
    letterIds = letters.map(({ letterId }) => letterId);
  });

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  });

  test.each([
    ['light', 1_400, true],
    ['dark', 1_400, false],
    ['light', 400, false],
    ['dark', 400, true],
  ] as const)('every view fits, and shuts nobody out: %s, %i pixels wide', async (scheme, width, isAsked) => {
    await withTab(
      async ({ page }) => {
        for (const [path, text] of viewsOf(system, letterIds)) {
          await page.goto(system.url + path);
          await see(page, text);
          const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          expect({ path, overflow }).toEqual({ path, overflow: 0 });
          if (isAsked) expect({ path, serious: await seriousFindings(page) }).toEqual({ path, serious: [] });
        }
      },
      { scheme, width },
    );
  });

  test('the overview is where one starts, and its numbers change without a reload', async () => {
    await withTab(async ({ page }) => {
      await page.goto(`${system.url}/console/`);
      await page.waitForURL('**/console/overview');
      await see(page, 'live,');
      const counted = async (status: string) =>
        Number(await page.locator(`[data-count=${status}]`).textContent({ timeout: 30_000 }));
      const before = await counted('DELIVERED');
      const navigations = await page.evaluate<number>("performance.getEntriesByType('navigation').length");
      const items = [{ itemId: system.itemId, quantity: 1 }];
      for (const orderId of ['seen-1', 'seen-2'])
        await system.post('/api/orders', { order: { orderId, userId: system.userId, items } });
      await eventually(async () => expect(await counted('DELIVERED')).toBe(before + 2), {
        timeoutMs: 60_000,
      });
      expect(await page.evaluate("performance.getEntriesByType('navigation').length")).toBe(navigations);
      await see(page, 'api-gateway');
      await page.getByRole('img', { name: 'Lag of workflow in ORDER_PLACED' }).waitFor();
      await page.getByRole('link', { name: /^1 CANCELLED/ }).click();
      await page.waitForURL('**/console/orders?status=CANCELLED');
    });
  });

  test('keys find, move and open; the list of keys opens and closes', async () => {
    await withTab(async ({ page, open }) => {
      const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
      await open('/console/orders');
      const rows = page.locator('[data-row]');
      await rows.nth(2).waitFor();
      const [first = '', second = ''] = await rows.allTextContents();
      for (const key of ['j', 'j', 'k', 'j']) await page.keyboard.press(key);
      expect(await focused()).toBe(second.trim());
      await page.keyboard.press('k');
      expect(await focused()).toBe(first.trim());
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/console/orders/${first.trim()}`);
      await page.keyboard.press('/');
      await page.keyboard.type(system.userId);
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/console/users/${system.userId}`);
      await page.goBack();
      await page.waitForURL(`**/console/orders/${first.trim()}`);
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    });
  });

  test('filters and pages are in the URL', async () => {
    await withTab((tab) => pageOrders(tab, system));
  });

  test('orders are filtered by age, reason, id and status together, all in the URL', async () => {
    await withTab((tab) => filterOrders(tab, system));
  });

  test('an order moves on before the eyes, and is cancelled while it is PENDING', async () => {
    const item = { itemId: system.itemId, quantity: 1 };
    await Promise.all(['moving-1', 'cancelled-1'].map((orderId) => system.hold(orderId, 'PROCESSING')));
    for (const orderId of ['moving-1', 'cancelled-1'])
      await system.post('/api/orders', { order: { orderId, userId: system.userId, items: [item] } });
    await withTab(async ({ page, open }) => {
      await open('/console/orders/moving-1');
      await see(page, 'waits for the next turn of the workflow');
      await system.letGo('moving-1');
      await see(page, 'has arrived');
      await open('/console/orders/cancelled-1');
      await page.getByRole('button', { name: 'Cancel the order …' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel the order' }).click();
      await see(page, 'was cancelled, its stock was released');
      expect(await system.statusOf('cancelled-1')).toBe('CANCELLED');
    });
  });

  test('what the API refuses is said in its own sentence', async () => {
    await withTab(async ({ page, open }) => {
      await open('/console/inventory');
      await page.getByRole('button', { name: 'Add an item' }).click();
      await page.getByLabel('Id', { exact: true }).fill('a b');
      await page.getByLabel('Name', { exact: true }).fill('Lamp');
      await page.getByLabel('Units in stock').fill('3');
      await page.getByRole('button', { name: 'Add it' }).click();
      await see(page, 'Bad input: itemId must be 1 to 128 of the characters');
      await page.getByLabel('Id', { exact: true }).fill('lamp-1');
      await page.getByRole('button', { name: 'Add it' }).click();
      await page.waitForURL('**/console/inventory/lamp-1');
      await page.getByLabel('Units that came in').fill('4');
      await page.getByRole('button', { name: 'Restock' }).click();
      await see(page, '4 units came in.');
      await page.locator('.figures').getByText('7', { exact: true }).waitFor();
    });
  });

  test('a dead letter is redriven: dry run, reason, and who did it', async () => {
    const [orderId = ''] = system.failedIds;
    await withTab(async ({ page, open }) => {
      const dialog = page.getByRole('dialog', { name: 'Redrive dead letters' });
      await open(`/console/orders/${orderId}`);
      await page.getByRole('link', { name: 'Something went wrong' }).first().waitFor();
      await open('/console/dead-letters');
      await page.getByLabel('Order id', { exact: true }).fill(orderId);
      await page.getByRole('button', { name: 'Filter' }).click();
      await page.waitForURL(`**/console/dead-letters?orderId=${orderId}`);
      await see(page, orderId);
      for (const key of ['j', 'x']) await page.keyboard.press(key);
      await page.waitForURL(/sel=/);
      const letterId = new URL(page.url()).searchParams.get('sel') ?? '';
      await page.getByRole('region', { name: 'Selection' }).getByRole('button', { name: 'Redrive' }).click();
      await dialog.getByText('1 dead letter would go back to the group that failed.').waitFor();
      await dialog.getByText(orderId).waitFor();
      expect(await system.statusOf(orderId)).toBe('PROCESSING');
      await system.letGo(orderId);
      await dialog.getByLabel('Reason').fill('the address is there now');
      await dialog.getByLabel('Your name').fill('ann');
      await dialog.getByRole('button', { name: 'Redrive 1 dead letter' }).click();
      await dialog.getByText('1 dead letter went back to the group that failed.').waitFor();
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await open(`/console/orders/${orderId}`);
      await see(page, 'has arrived');
      await open(`/console/dead-letters/${letterId}`);
      for (const text of ['REDRIVEN', '“the address is there now”']) await see(page, text);
      await page.getByRole('listitem').filter({ hasText: 'ann redrove it' }).waitFor();
      await page.getByRole('link', { name: 'From which request' }).click();
      await page.waitForURL(`**/console/actions?target=${letterId}`);
      await see(page, 'ann redrove the dead letter');
      await open(`/console/orders/${orderId}`);
      await see(page, 'ann redrove the dead letter');
    });
  });

  test('the timeline says where each event lies, whether a trace is recorded or not', async () => {
    await withTab(async ({ page, open }) => {
      await open(`/console/orders/${system.deliveredId}`);
      const cells = page.locator('.timeline td.position');
      await eventually(
        async () =>
          expect(await textsOf(cells)).toEqual([
            expect.stringMatching(/^ORDER_PLACED partition \d, offset \d+$/),
            expect.stringMatching(/^ORDER_PROCESSING partition \d, offset \d+$/),
            expect.stringMatching(/^ORDER_SHIPPED partition \d, offset \d+$/),
            expect.stringMatching(/^ORDER_DELIVERED partition \d, offset \d+$/),
          ]),
        { timeoutMs: 60_000 },
      );
      await page.locator('details.event summary').nth(1).click();
      await see(page, `${system.deliveredId}:PROCESSING`);
    });
  });

  test('what operators did is found by who, what and to what; the filters are in the URL', async () => {
    await withTab(async ({ page, open }) => {
      await open('/console/orders');
      for (const key of ['g', 'c']) await page.keyboard.press(key);
      await page.waitForURL('**/console/actions');
      await page.getByLabel('What was done').selectOption('REDRIVE_DEAD_LETTER');
      await page.waitForURL('**/console/actions?action=REDRIVE_DEAD_LETTER');
      await page.getByLabel('Who did it').fill('ann');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/console/actions?action=REDRIVE_DEAD_LETTER&by=ann');
      await see(page, '“the address is there now”');
      await page.reload();
      await see(page, '“the address is there now”');
      for (const width of [1_400, 400]) {
        await page.setViewportSize({ width, height: 900 });
        await page.reload();
        await see(page, '“the address is there now”');
        const { x = width } = (await page.getByRole('link', { name: 'Actions' }).boundingBox()) ?? {};
        expect(x).toBeLessThan(width);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
        expect(await seriousFindings(page)).toEqual([]);
      }
      await page.getByLabel('Who did it').focus();
      await page.keyboard.press('Escape');
      for (const key of ['j', 'Enter']) await page.keyboard.press(key);
      await page.waitForURL('**/console/dead-letters/*');
      await see(page, 'REDRIVEN');
    });
  });

  test('a stuck order says why, and leads to what helps', async () => {
    const orderId = system.failedIds.at(-1) ?? '';
    await withTab(async ({ page, open }) => {
      await open('/console/stuck');
      await page.getByLabel('Reason').selectOption('DEAD_LETTER');
      await page.waitForURL('**/console/stuck?reason=DEAD_LETTER');
      await page.getByLabel('Age').selectOption('Longer than 1 d');
      await page.waitForURL('**/console/stuck?reason=DEAD_LETTER&olderThanMs=86400000');
      await see(page, 'No order is stuck.');
      await page.goBack();
      const row = page.getByRole('row').filter({ hasText: orderId });
      await row.getByText('less and less often, down to once a day').waitFor();
      await row.getByRole('link', { name: 'Decide on its dead letter' }).click();
      await page.waitForURL(`**/console/dead-letters?orderId=${orderId}`);
      await see(page, 'Something went wrong');
    });
  });

  test('all dead letters of a filter are discarded, and no others', async () => {
    await withTab(async ({ page, open }) => {
      const dialog = page.getByRole('dialog', { name: 'Discard dead letters' });
      await open('/console/dead-letters?reason=not+json');
      await page.getByRole('button', { name: 'Discard all' }).click();
      await dialog.getByText('1 dead letter would be discarded.').waitFor();
      await dialog.getByLabel('Reason').fill('a test of a producer');
      await dialog.getByLabel('Your name').fill('ben');
      await dialog.getByRole('button', { name: 'Discard 1 dead letter' }).click();
      await dialog.getByText('1 dead letter is discarded now.').waitFor();
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await see(page, 'No dead letter waits for anybody.');
      await open('/console/dead-letters');
      await see(page, system.failedIds.at(-1) ?? '');
      await open('/console/dead-letters?status=DISCARDED');
      await eventually(async () => expect(await page.locator('[data-row]').count()).toBe(1));
    });
  });

  test('a view is copied as the request that it makes', async () => {
    await withTab(async ({ page, open }) => {
      await open('/console/orders?status=PENDING');
      await page.getByRole('button', { name: 'Copy as curl' }).click();
      await see(page, 'Copied');
      const copied = await page.evaluate('navigator.clipboard.readText()');
      expect(copied).toBe(`curl -s '${system.url}/api/orders?status=PENDING&limit=50'`);
    });
  });
});
