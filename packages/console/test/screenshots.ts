// The pictures of the console in docs/: `npx -y pnpm screenshots`. Needs a Chromium; the demo's orders are in them.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findChromium, openTab, see, startBrowser } from './browser.ts';
import { startFilledSystem } from './filled-system.ts';

const FOLDER = fileURLToPath(new URL('../../../docs/console/', import.meta.url));
const WIDTH = 1_100;
const HEIGHT = 640;

const chromium = findChromium();
if (chromium === undefined) {
  console.error('There is no Chromium on the PATH: install the package chromium');
  process.exit(2);
}
mkdirSync(FOLDER, { recursive: true });
const [system, browser] = await Promise.all([startFilledSystem(), startBrowser(chromium)]);
const pages = {
  orders: ['/console/orders', system.pendingId],
  order: [`/console/orders/${system.tracedId}`, 'in all'],
  'dead-letters': ['/console/dead-letters', system.failedIds[0] ?? ''],
  // Last: it places orders, which would push the others off their pages.
  overview: ['/console/overview', 'deliveries in'],
} as const;
/** The overview is about what moves: some orders a second, for longer than its first pictures take. */
const LIVE_MS = 12_000;
const INTERVAL_MS = 70;
const placeOrders = (): (() => void) => {
  let placed = 0;
  const startedAt = Math.round(performance.now());
  const items = [{ itemId: system.itemId, quantity: 1 }];
  const timer = setInterval(() => {
    placed += 1;
    void system.post('/api/orders', {
      order: { orderId: `live-${startedAt}-${placed}`, userId: system.userId, items },
    });
  }, INTERVAL_MS);
  return () => clearInterval(timer);
};
await system.post(`/api/inventory/${system.itemId}/restock`, { quantity: 10_000 });

try {
  for (const [name, [at, text]] of Object.entries(pages)) {
    for (const scheme of ['light', 'dark'] as const) {
      const { page, context } = await openTab(browser, system.url, { scheme, width: WIDTH });
      await page.setViewportSize({ width: WIDTH, height: HEIGHT });
      await page.goto(system.url + at);
      await see(page, text);
      if (name === 'overview') {
        const stop = placeOrders();
        await page.waitForTimeout(LIVE_MS);
        stop();
      }
      await page.screenshot({ path: path.join(FOLDER, `${name}-${scheme}.png`) });
      await context.close();
    }
  }
} finally {
  await browser.close();
  await system.stop();
}
