import { test } from '@jest/globals';
import { createTestBroker, withOwnGroups } from '@order-pipeline/testing';
import { expectIdleInstancesToShare } from '@order-pipeline/testing/idle-transactions';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { useHarness } from './harness.ts';

const postgres = useTestPostgres();
const harness = useHarness(postgres, { broker: withOwnGroups(createTestBroker()) });

test(
  'many instances that have nothing to do ask the database hardly more than one',
  () => expectIdleInstancesToShare(harness.database.orders, 10, () => harness.anotherOrders()),
  200_000,
);
