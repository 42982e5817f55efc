import { expect, test } from '@jest/globals';
import {
  createTestBroker,
  eventually,
  idleTransactions,
  times,
  withOwnGroups,
} from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { useHarness } from './harness.ts';

const INSTANCES = 8;

const postgres = useTestPostgres();
const harness = useHarness(postgres, { broker: withOwnGroups(createTestBroker()) });

test('many instances that have nothing to do ask the database hardly more than one', async () => {
  let one = 0;
  await eventually(async () => {
    one = await idleTransactions(harness.database.orders);
    // Once it has started, and on a machine that lets it.
    expect(one).toBeGreaterThan(10);
  });
  await Promise.all(times(INSTANCES - 1, () => harness.anotherOrders()));
  // Until they have met in their group all of them lead.
  await eventually(
    async () => expect(await idleTransactions(harness.database.orders)).toBeLessThan(2 * one),
    {
      timeoutMs: 90_000,
    },
  );
}, 150_000);
