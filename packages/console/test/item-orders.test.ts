import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { findChromium, see, textsOf } from './browser.ts';
import { useConsole } from './plain-system.ts';

/** More than one page looks at. */
const OTHERS = 10_500;

jest.setTimeout(120_000);

(findChromium() === undefined ? describe.skip : describe)('in a browser', () => {
  const console = useConsole();

  /** Stores orders of one line, the highest number last. */
  const store = (id: string, count: number, itemId: string) =>
    console().inDatabase(`
      INSERT INTO orders (id, user_id, status, lines, reservation_id, created_at, updated_at, announced_at)
      SELECT '${id}-' || n, 'ann', 'DELIVERED', '[{"itemId":"${itemId}","quantity":1}]', 'r', now(), now(), now()
      FROM generate_series(1, ${count}) AS n`);

  beforeAll(async () => {
    await fetch(`${console().url}/api/inventory`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ itemId: 'lamp', itemName: 'Lamp', availableQty: 5 }),
    });
    await store('with-lamp', 1, 'lamp');
    for (const part of [1, 2, 3]) await store(`other-${part}`, OTHERS / 3, 'desk');
  });

  test('an item leads to its orders, beyond what one page looks at', async () => {
    await console().withTab(async ({ page, open }) => {
      await open('/console/inventory/lamp');
      await page.getByRole('link', { name: 'Orders with this item' }).click();
      await page.waitForURL('**/console/orders?itemId=lamp');
      await page.getByRole('status').getByText('Looked at orders placed since').waitFor();
      expect(await page.locator('[data-row]').count()).toBe(0);
      // One way on, whatever it is called.
      expect(await textsOf(page.locator('main [data-next]'))).toEqual(['Look further →']);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      await page.keyboard.press('n');
      await page.waitForURL(/itemId=lamp&cursor=|cursor=.*itemId=lamp/);
      await see(page, 'with-lamp-1');
      expect(await page.getByRole('button', { name: 'Look further' }).count()).toBe(0);
      await page.goBack();
      await page.getByRole('button', { name: 'Look further' }).click();
      await see(page, 'with-lamp-1');
      await page.getByLabel('Item id').fill('desk');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/console/orders?itemId=desk');
      await see(page, 'other-3-3500');
    });
  });
});
