import { test } from '@jest/globals';
import { createTestBroker, withOwnGroups } from '@order-pipeline/testing';
import { expectIdleInstancesToShare } from '@order-pipeline/testing/idle-transactions';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { useHarness } from './harness.ts';

const postgres = useTestPostgres();
const harness = useHarness(postgres, {
  broker: withOwnGroups(createTestBroker()),
  environment: { RESERVATION_CHECK_AFTER_MS: '10000' },
});

test(
  'many instances that have nothing to do ask the database hardly more than one',
  () => expectIdleInstancesToShare(harness.database, 5, () => harness.another()),
  200_000,
);
