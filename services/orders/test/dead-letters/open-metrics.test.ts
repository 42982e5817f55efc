import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, inTurn, startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import { fresh } from '../shop.ts';
import { openDesk, WAIT, type Desk } from './desk.ts';

let postgres: TestPostgres;
let desk: Desk;

beforeAll(async () => {
  postgres = await startTestPostgres();
  desk = await openDesk(postgres);
}, 60_000);

afterAll(() =>
  inTurn(
    () => desk?.close(),
    () => postgres?.stop(),
  ),
);

const measuredOpen = async (group: string): Promise<number | undefined> => {
  const text = await desk.shop.orders.registry.getSingleMetricAsString('dead_letters_open');
  const found = new RegExp(`topic="ORDER_PROCESSING",group="${group}"} (\\d+)`).exec(text);
  return found ? Number(found[1]) : undefined;
};

test('how many letters are open is measured by topic and group, down to none', async () => {
  const group = 'api-gateway';
  const { letterId } = await desk.letterOf(await desk.putLetter({ group }));
  await eventually(async () => expect(await measuredOpen(group)).toBe(1), WAIT);
  await desk.redrive(letterId);
  await eventually(async () => expect(await measuredOpen(group)).toBe(0), WAIT);
});

test('groups that a message invents make no series of their own', async () => {
  const [one, other] = [fresh('group'), fresh('group')];
  const letters = [
    await desk.letterOf(await desk.putLetter({ group: one })),
    await desk.letterOf(await desk.putLetter({ group: other })),
  ];
  await eventually(async () => expect(await measuredOpen('unknown')).toBeGreaterThanOrEqual(2), WAIT);
  expect([await measuredOpen(one), await measuredOpen(other)]).toEqual([undefined, undefined]);
  for (const { letterId } of letters) await desk.redrive(letterId);
});
