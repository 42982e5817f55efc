import { test } from '@jest/globals';
import { createTestBroker, expectIdleInstancesToShare, withOwnGroups } from '@order-pipeline/testing';
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
