import { expect, test } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { expectStockToAddUp } from './expect-stock.ts';
import { useHarness } from './harness.ts';
import { placeUntil } from './interruptions.ts';

// In a file of its own: of the instances in a consumer group one reconciles, and on a real Kafka that tests share another
// system's would be in this group.

const postgres = useTestPostgres({ isolation: 'repeatable read' });
const harness = useHarness(postgres, { environment: { RESERVATION_CHECK_AFTER_MS: '1' } });

test('the reconciler settles what placements, cancellations and a broker have left behind', async () => {
  const sold = await harness.addItem(100);
  const pending = await harness.placed({ [sold]: 1 });
  const shipped = await harness.placed({ [sold]: 2 });
  const cancelled = await harness.placed({ [sold]: 4 });
  await harness.walk(shipped, 'SHIPPED');
  const { resume } = await placeUntil(harness, 'orders.afterReserveBeforeStore', { [sold]: 8 });
  // So that the cancellation cannot give its stock back; the reconciler asks the other way round.
  delete harness.clients.inventory;
  await harness.cancel(cancelled);
  await eventually(async () => expect(await harness.stockOf(sold)).toEqual({ available: 97, reserved: 1 }));
  expect(await harness.heldFor(pending)).toBeDefined();
  expect((await resume()).status).toBe(503);
  harness.clients.inventory = harness.inventory.routes;
  await eventually(() => expectStockToAddUp(harness));
});
