import { expect } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { see, textsOf, type Tab } from './browser.ts';
import type { FilledSystem } from './filled-system.ts';

/** Filters the list of orders by one thing after the other, and by several at once; all of it is in the URL. */
export const filterOrders = async ({ page, open }: Tab, system: FilledSystem): Promise<void> => {
  const failedId = system.failedIds[0] ?? '';
  const rows = page.locator('[data-row]');
  await open('/console/orders');
  await page.getByLabel('Age', { exact: true }).selectOption('Longer than 1 d');
  await page.waitForURL('**/console/orders?olderThanMs=86400000');
  await see(page, 'No such order waits.');
  await page.goBack();
  await see(page, system.cancelledId);
  await page.getByLabel('Reason').selectOption('DEAD_LETTER');
  await page.waitForURL('**/console/orders?reason=DEAD_LETTER');
  const row = page.getByRole('row').filter({ hasText: failedId });
  await row.getByText('DEAD_LETTER').waitFor();
  // The garbage has the key of the one that is PENDING.
  await eventually(async () =>
    expect((await textsOf(rows)).toSorted()).toEqual([...system.failedIds, system.pendingId].toSorted()),
  );
  await page.getByLabel('Order or user id').fill(failedId);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/console/orders?reason=DEAD_LETTER&search=${failedId}`);
  await eventually(async () => expect(await rows.count()).toBe(1));
  await page.getByRole('button', { name: 'PENDING' }).click();
  await page.waitForURL(`**/console/orders?reason=DEAD_LETTER&search=${failedId}&status=PENDING`);
  await see(page, 'No such order waits.');
  await page.getByRole('button', { name: 'PROCESSING' }).click();
  await page.reload();
  await row.getByText('DEAD_LETTER').waitFor();
  await page.getByLabel('Reason').selectOption('Stuck or not');
  await page.waitForURL(`**/console/orders?search=${failedId}&status=PROCESSING`);
  await page.getByRole('link', { name: failedId }).click();
  await page.waitForURL(`**/console/orders/${failedId}`);
};

/** Pages through the list of orders and filters it by a status. */
export const pageOrders = async ({ page, open }: Tab, system: FilledSystem): Promise<void> => {
  await open('/console/orders');
  await see(page, system.cancelledId);
  await page.getByRole('button', { name: 'Older' }).click();
  await page.waitForURL(/cursor=/);
  await see(page, system.deliveredId);
  await page.getByRole('button', { name: 'CANCELLED' }).click();
  await page.waitForURL('**/console/orders?status=CANCELLED');
  await see(page, system.cancelledId);
  expect(await page.locator('[data-row]').count()).toBe(1);
  await page.reload();
  await see(page, system.cancelledId);
  expect(await page.locator('[data-row]').count()).toBe(1);
};
