import { expect, test } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { fresh } from '../harness.ts';
import { WAIT } from '../broker.ts';
import { useDlqHarness } from './harness.ts';

const postgres = useTestPostgres();
const dlq = useDlqHarness(postgres);

const measuredOpen = async (group: string): Promise<number | undefined> => {
  const text = await dlq.harness.orders.registry.getSingleMetricAsString('dead_letters_open');
  const found = new RegExp(`topic="ORDER_PROCESSING",group="${group}"} (\\d+)`).exec(text);
  return found ? Number(found[1]) : undefined;
};

test('how many letters are open is measured by topic and group, down to none', async () => {
  const group = 'api-gateway';
  const { letterId } = await dlq.letterOf(await dlq.putLetter({ group }));
  await eventually(async () => expect(await measuredOpen(group)).toBe(1), WAIT);
  await dlq.redrive(letterId);
  await eventually(async () => expect(await measuredOpen(group)).toBe(0), WAIT);
});

test('groups that a message invents make no series of their own', async () => {
  const [one, other] = [fresh('group'), fresh('group')];
  const letters = [
    await dlq.letterOf(await dlq.putLetter({ group: one })),
    await dlq.letterOf(await dlq.putLetter({ group: other })),
  ];
  await eventually(async () => expect(await measuredOpen('unknown')).toBeGreaterThanOrEqual(2), WAIT);
  expect([await measuredOpen(one), await measuredOpen(other)]).toEqual([undefined, undefined]);
  for (const { letterId } of letters) await dlq.redrive(letterId);
});
