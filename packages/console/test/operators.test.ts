import { describe, expect, jest, test } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { findChromium, see } from './browser.ts';
import { useConsole } from './plain-system.ts';

/** More than two pages of what one request acts on. */
const LETTERS = 230;
const SLOW = { timeoutMs: 60_000 };
/** Every view that shows what it has to ask for. */
const ASKING = [
  'overview',
  'orders',
  'orders/some-order',
  'inventory',
  'inventory/some-item',
  'users/some-user',
  'search?q=some-id',
  'dead-letters',
  'dead-letters/some-letter',
  'stuck',
  'actions',
  'audit',
  'try',
];

jest.setTimeout(120_000);

(findChromium() === undefined ? describe.skip : describe)('in a browser', () => {
  const console = useConsole();

  test('a user is registered, once, and has no orders yet', async () => {
    await console().withTab(
      async ({ page, open }) => {
        const register = async (name: string) => {
          await open('/console/users');
          await page.getByLabel('Id', { exact: true }).fill('ann-1');
          await page.getByLabel('Name', { exact: true }).fill(name);
          await page.getByLabel('Email', { exact: true }).fill('ann@example.com');
          await page.getByRole('button', { name: 'Register' }).click();
        };
        await register('Ann Example');
        await page.waitForURL('**/console/users/ann-1');
        for (const text of ['Ann Example', 'This user has no orders.']) await see(page, text);
        await register('Somebody Else');
        await see(page, 'ann-1 is taken');
      },
      (complaint) => complaint.includes('status of 409'),
    );
  });

  test('while many dead letters are discarded one sees how far it is', async () => {
    const producer = console().system.infrastructure.broker.connect('console-tests').producer();
    await producer.connect();
    const messages = Array.from({ length: LETTERS }, (_, index) => ({ key: `none-${index}`, value: '{' }));
    await producer.sendBatch({ topicMessages: [{ topic: 'ORDER_PLACED', messages }] });
    await producer.disconnect();
    const stored = 'SELECT count(*)::int AS letters FROM dead_letters';
    await eventually(
      async () => expect(await console().inDatabase(stored)).toEqual([{ letters: LETTERS }]),
      SLOW,
    );
    await console().withTab(async ({ page, open }) => {
      const dialog = page.getByRole('dialog', { name: 'Discard dead letters' });
      let letGo = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      await page.route('**/ops/dead-letters/discard', async (route) => {
        const { dryRun, cursor } = route.request().postDataJSON() as { dryRun: boolean; cursor?: string };
        if (!dryRun && cursor !== undefined) await held;
        await route.continue();
      });
      await open('/console/dead-letters');
      await page.getByRole('button', { name: 'Discard all' }).click();
      await dialog.getByText(`${LETTERS} dead letters would be discarded.`).waitFor();
      await dialog.getByText('and 180 more').waitFor();
      await dialog.getByLabel('Reason').fill('a broken producer');
      await dialog.getByLabel('Your name').fill('ann');
      await dialog.getByRole('button', { name: `Discard ${LETTERS} dead letters` }).click();
      await dialog.getByText(`100 of ${LETTERS}`).waitFor();
      expect(await dialog.getByRole('progressbar').getAttribute('value')).toBe('100');
      letGo();
      await dialog.getByText(`${LETTERS} dead letters are discarded now.`).waitFor();
      await dialog.getByRole('button', { name: 'Close' }).last().click();
      await see(page, 'No dead letter waits for anybody.');
      const isOpen = "SELECT FROM dead_letters WHERE status = 'OPEN'";
      expect(await console().inDatabase(isOpen)).toEqual([]);
    });
  });

  test.each(ASKING)('%s says what it waits for after 200 ms, and not before', async (view) => {
    await console().withTab(async ({ page }) => {
      await page.clock.install({ time: '2026-01-01T12:00:00Z' });
      await page.clock.pauseAt('2026-01-01T12:00:01Z');
      // Nothing is ever answered.
      for (const path of ['**/api/**', '**/ops/**']) await page.route(path, () => undefined);
      await page.route(`${console().url}/`, () => undefined);
      await page.goto(`${console().url}/console/${view}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.clock.runFor(150);
      expect(await page.getByText('Waiting for').count()).toBe(0);
      await page.clock.runFor(400);
      await see(page, 'Waiting for');
    });
  });
});
