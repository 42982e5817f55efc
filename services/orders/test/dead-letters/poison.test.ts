import { expect, test } from '@jest/globals';
import { eventId, type OrderEvent } from '@order-pipeline/contracts';
import { eventually } from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { fresh } from '../harness.ts';
import { WAIT } from '../broker.ts';
import { startWorker, useDlqHarness } from './harness.ts';

const TOPIC = 'ORDER_PROCESSING';

/** What each group was given, and which orders it cannot work. */
const given: Record<string, string[]> = { shipping: [], labels: [] };
const broken = new Set<string>();

const startGroup = (group: 'shipping' | 'labels') =>
  startWorker(dlq.broker, group, TOPIC, async (events) => {
    given[group]?.push(...events.map(({ event }) => event.orderId));
    const bad = events.find(({ event }) => group === 'shipping' && broken.has(event.orderId));
    if (bad) throw new Error(`the carrier does not know ${bad.event.orderId}`);
  });

const postgres = useTestPostgres();
const dlq = useDlqHarness(postgres);
useFixture(
  () => startGroup('shipping'),
  (worker) => worker.close(),
);
useFixture(
  () => startGroup('labels'),
  (worker) => worker.close(),
);

const processing = (orderId: string): OrderEvent => ({
  orderId,
  userId: 'user11',
  items: [{ itemId: 'item1', quantity: 3 }],
  status: 'PROCESSING',
  at: '2026-01-01T12:00:00.000Z',
});

const timesGiven = (group: string, orderId: string): number =>
  (given[group] ?? []).filter((id) => id === orderId).length;

test('a message that nobody can understand comes back after each redrive, until the limit', async () => {
  const key = fresh('order');
  await dlq.put(TOPIC, { key, value: '{"orderId":', headers: { ce_id: 'kept' } });
  await dlq.letterOf(key, 2);
  const ofShipping = () => dlq.list({ orderId: key, group: 'shipping' });
  let previousId: string | undefined;
  for (const redrives of [0, 1, 2, 3]) {
    const [letter] = await eventually(async () => {
      const letters = await ofShipping();
      expect(letters).toHaveLength(redrives + 1);
      return letters;
    }, WAIT);
    expect(letter).toMatchObject({
      status: 'OPEN',
      reason: 'the value is not JSON',
      redrives,
      tries: redrives + 1,
    });
    expect(letter?.previousId).toBe(previousId);
    const shown = await dlq.look(letter?.letterId ?? '');
    expect(shown).toMatchObject({ value: { text: '{"orderId":' } });
    expect(shown.headers).toContainEqual({ name: 'ce_id', value: { text: 'kept' } });
    const answer = await dlq.redrive(letter?.letterId ?? '');
    expect(answer.status).toBe(redrives < 3 ? 200 : 409);
    if (previousId !== undefined) expect((await dlq.look(previousId)).cameBackAs).toEqual([letter?.letterId]);
    previousId = letter?.letterId;
  }
  // It went back for one group alone: the other one has made no further letters of it.
  expect(await dlq.list({ orderId: key, group: 'labels' })).toMatchObject([{ redrives: 0 }]);
});

test('a message whose cause of failure is fixed is processed after a redrive, by the group that failed alone', async () => {
  const orderId = fresh('order');
  broken.add(orderId);
  const event = processing(orderId);
  const headers = {
    ce_id: eventId(event),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  await dlq.put(TOPIC, { key: orderId, value: JSON.stringify(event), headers });
  const letter = await dlq.letterOf(orderId);
  expect(letter).toMatchObject({
    group: 'shipping',
    tries: 5,
    redrives: 0,
    reason: `Error: the carrier does not know ${orderId}`,
  });
  broken.delete(orderId);
  const before = timesGiven('shipping', orderId);
  await dlq.redrive(letter.letterId);
  await eventually(() => expect(timesGiven('shipping', orderId)).toBe(before + 1), WAIT);
  // What comes behind it has passed the other group too.
  const behind = { ...processing(fresh('order')), orderId: fresh('behind') };
  await dlq.put(TOPIC, { key: orderId, value: JSON.stringify(behind) });
  await eventually(() => expect(timesGiven('labels', behind.orderId)).toBe(1), WAIT);
  expect(timesGiven('labels', orderId)).toBe(1);
  expect(await dlq.list({ orderId })).toMatchObject([{ status: 'REDRIVEN' }]);
});
