import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Sandbox } from '@order-pipeline/contracts';
import { createLogger, startSystem, type System } from '@order-pipeline/launcher';
import { openClient } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import type { Browser } from 'playwright-core';
import { seriousFindings } from './axe.ts';
import { findChromium, openTab, startBrowser, type Tab } from './browser.ts';

const chromium = findChromium();
const SLOW = { timeoutMs: 60_000 };
const SLOW_PAGE = { timeout: 60_000 };

jest.setTimeout(120_000);

(chromium === undefined ? describe.skip : describe)('in a browser', () => {
  let dataDir: string;
  let system: System;
  let browser: Browser;

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-try-'));
    const environment = { PORT: '0', DATA_DIR: dataDir, WORKFLOW_INTERVAL_MS: '400', RATE_LIMIT: 'off' };
    [system, browser] = await Promise.all([
      startSystem({ environment, logger: createLogger('silent'), durability: 'off' }),
      startBrowser(chromium ?? ''),
    ]);
  });

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const withTab = async (use: (tab: Tab) => Promise<void>): Promise<void> => {
    const tab = await openTab(browser, system.url);
    try {
      await use(tab);
      expect(tab.complaints).toEqual([]);
    } finally {
      await tab.context.close();
    }
  };
  const inDatabase = async <R extends object>(sql: string): Promise<R[]> => {
    const url = system.infrastructure.databaseUrl('orders');
    const database = await openClient({ url, applicationName: 'console tests' });
    try {
      return (await database.query<R>(sql)).rows;
    } finally {
      await database.end();
    }
  };
  const sandbox = async (): Promise<Sandbox> =>
    (await (await fetch(`${system.url}/ops/sandbox`)).json()) as Sandbox;

  test('orders are placed and wait while the broker is away; all of it by keys; and they arrive once it is back', async () => {
    await withTab(async ({ page, open }) => {
      await open('/console/overview');
      await page.getByRole('link', { name: 'Try it' }).waitFor();
      for (const key of ['g', 't']) await page.keyboard.press(key);
      await page.waitForURL('**/console/try');
      const counted = async (selector: string) =>
        Number((await page.locator(selector).textContent({ timeout: SLOW.timeoutMs }))?.replaceAll(',', ''));
      const rate = page.getByRole('button', { name: '10 a second' });
      await rate.focus();
      await page.keyboard.press('Enter');
      await eventually(async () => expect(await counted('[data-samples=placed]')).toBeGreaterThan(5), SLOW);
      expect(await rate.getAttribute('aria-pressed')).toBe('true');

      const broker = page.getByRole('switch', { name: 'Take the broker away' });
      await broker.focus();
      await page.keyboard.press('Space');
      await page.getByText('ends in').waitFor();
      expect(await broker.getAttribute('aria-checked')).toBe('true');
      // The outbox fills while orders are still taken.
      await page.getByText('rising').first().waitFor({ timeout: SLOW.timeoutMs });
      await page.keyboard.press('Space');
      await page.getByText('ends in').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'None', exact: true }).click();
      await page.getByText('None is placed now.').waitFor();
      await eventually(async () => {
        const { placed, inFlight } = (await sandbox()).workload;
        expect([inFlight, await counted('[data-count=DELIVERED]')]).toEqual([0, placed]);
      }, SLOW);
    });
  });

  test('the page of an order whose consumer was killed shows its whole way, each step once', async () => {
    await withTab(async ({ page, open }) => {
      await open('/console/try');
      const killer = page.getByRole('switch', { name: 'Kill a consumer' });
      await killer.click();
      await page.getByText('ends in').waitFor();
      await page.getByRole('button', { name: '1 a second' }).click();
      await page.getByText(/^[1-9]\d* killed$/).waitFor(SLOW_PAGE);
      await page.getByRole('button', { name: 'None', exact: true }).click();
      await killer.click();
      const onTheWay = "SELECT FROM orders WHERE status IN ('PENDING', 'PROCESSING', 'SHIPPED')";
      await eventually(async () => expect(await inDatabase(onTheWay)).toEqual([]), SLOW);
      // The one that took longest has waited for a consumer in the place of the one that was killed.
      const [order] = await inDatabase<{ id: string; seconds: number }>(`
        SELECT order_id AS id, extract(epoch FROM max(at) - min(at))::float8 AS seconds
        FROM order_history GROUP BY order_id ORDER BY seconds DESC LIMIT 1`);
      expect(order?.seconds).toBeGreaterThan(3);
      await open(`/console/orders/${order?.id}`);
      const cells = page.locator('.timeline td.position');
      await eventually(async () => expect(await cells.count()).toBe(4), SLOW);
      const positions = (await cells.allTextContents()).map((text) => text.replace(/\s+/g, ' ').trim());
      expect(positions).toEqual([
        expect.stringMatching(/^ORDER_PLACED partition \d, offset \d+$/),
        expect.stringMatching(/^ORDER_PROCESSING partition \d, offset \d+$/),
        expect.stringMatching(/^ORDER_SHIPPED partition \d, offset \d+$/),
        '–',
      ]);
    });
  });

  test('the audit says what was checked, with counts; and what is wrong, with the ids', async () => {
    await withTab(async ({ page, open }) => {
      const headline = page.locator('.audit-line');
      await open('/console/try');
      await page.getByRole('button', { name: 'Run the audit' }).click();
      await headline.getByText('No violation was found').waitFor(SLOW_PAGE);
      await page.getByRole('link', { name: 'What was checked' }).click();
      await page.waitForURL('**/console/audit');
      const users = page.getByRole('row').filter({ hasText: 'the user of every order exists' });
      const histories = page.getByRole('row').filter({ hasText: 'every history is a path' });
      const [counted] = await inDatabase<{ count: number }>('SELECT count(*)::int FROM order_history');
      await histories.getByText(counted?.count.toLocaleString('en-US') ?? '-', { exact: true }).waitFor();
      await users.getByLabel('kept').waitFor();
      expect(await seriousFindings(page)).toEqual([]);

      await inDatabase("UPDATE orders SET user_id = 'nobody' WHERE id = (SELECT min(id) FROM orders)");
      await page.getByRole('button', { name: 'Run the audit' }).click();
      await headline.getByText(/\d violations? of \d invariants?/).waitFor(SLOW_PAGE);
      await headline.getByText('would exit with 1').waitFor();
      await users.getByLabel('violated').waitFor();
    });
  });

  test('what is on ends with the page', async () => {
    await withTab(async ({ page, open }) => {
      await open('/console/try');
      await page.getByRole('button', { name: '1 a second' }).click();
      await page.getByText('Ends by itself in').waitFor();
    });
    expect((await sandbox()).workload.perSecond).toBe(1);
    await eventually(async () => expect((await sandbox()).workload.perSecond).toBe(0), SLOW);
  });
});
