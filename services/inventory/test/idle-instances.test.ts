import { expect, test } from '@jest/globals';
import { createRuntime, sleep } from '@order-pipeline/service-kit';
import { createTestBroker, eventually, times, withOwnGroups } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { useHarness } from './harness.ts';

const INSTANCES = 8;
const WINDOW_MS = 5_000;

const postgres = useTestPostgres();
const harness = useHarness(postgres, {
  broker: withOwnGroups(createTestBroker()),
  environment: { RESERVATION_CHECK_AFTER_MS: '10000' },
});

const transactions = async (): Promise<number> => {
  const [row] = await harness.database.$queryRaw<{ count: number }[]>`
    SELECT (xact_commit + xact_rollback)::float8 AS count FROM pg_stat_database WHERE datname = current_database()`;
  return row?.count ?? 0;
};

/** How many transactions the instances make of their own accord while nobody asks for anything. */
const idleTransactions = async (): Promise<number> => {
  const before = await transactions();
  await sleep(createRuntime(), WINDOW_MS);
  return (await transactions()) - before;
};

test('many instances that have nothing to do ask the database hardly more than one', async () => {
  let one = 0;
  await eventually(
    async () => {
      one = await idleTransactions();
      // Once it has started, and on a machine that lets it.
      expect(one).toBeGreaterThan(5);
    },
    { timeoutMs: 60_000 },
  );
  await Promise.all(times(INSTANCES - 1, () => harness.another()));
  // Until they have met in their group all of them lead.
  await eventually(async () => expect(await idleTransactions()).toBeLessThan(2 * one), {
    timeoutMs: 90_000,
  });
}, 200_000);
