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
const harness = useHarness(postgres, {
  broker: withOwnGroups(createTestBroker()),
  environment: { RESERVATION_CHECK_AFTER_MS: '10000' },
});

test('many instances that have nothing to do ask the database hardly more than one', async () => {
  let one = 0;
  await eventually(
    async () => {
      one = await idleTransactions(harness.database);
      // Once it has started, and on a machine that lets it.
      expect(one).toBeGreaterThan(5);
    },
    { timeoutMs: 60_000 },
  );
  await Promise.all(times(INSTANCES - 1, () => harness.another()));
  // Until they have met in their group all of them lead.
  await eventually(async () => expect(await idleTransactions(harness.database)).toBeLessThan(2 * one), {
    timeoutMs: 90_000,
  });
}, 200_000);
