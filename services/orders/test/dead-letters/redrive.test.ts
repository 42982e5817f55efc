import { afterEach, expect, test } from '@jest/globals';
import { eventually, inTurn, readTopics, times } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { fresh } from '../harness.ts';
import { WAIT } from '../broker.ts';
import { startDlqHarness, type DlqHarness } from './harness.ts';

const TOPIC = 'ORDER_PROCESSING';
/** More than Kafka takes on a topic of events, less than on one of dead letters. */
const TOO_LARGE_BYTES = 1_200_000;

let dlq: DlqHarness;
let returned: Awaited<ReturnType<typeof readTopics>>;

const postgres = useTestPostgres();

const open = async (): Promise<void> => {
  dlq = await startDlqHarness(postgres);
  returned = await readTopics(dlq.broker, [TOPIC]);
};

afterEach(() =>
  inTurn(
    () => returned?.stop(),
    () => dlq?.close(),
  ),
);

const timesReturned = (orderId: string): number =>
  returned.messages.filter(({ key }) => key === orderId).length;

const statusOf = async (letterId: string) => (await dlq.look(letterId)).status;

/** When a process dies, its connections are closed for it. */
const closeConnections = () => dlq.harness.database.orders.$queryRaw`
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND state = 'idle in transaction'`;

/** The instance that has the letter dies, and another one redrives it, as the one action that was asked for. */
const redriveByAnother = async (letterId: string): Promise<void> => {
  await closeConnections();
  await dlq.harness.anotherOrders();
  await eventually(async () => expect(await statusOf(letterId)).toBe('REDRIVEN'), WAIT);
  expect((await dlq.look(letterId)).actions).toHaveLength(1);
};

test('a crash before a letter is published has another instance redrive it', async () => {
  await open();
  const orderId = await dlq.putLetter();
  const { letterId } = await dlq.letterOf(orderId);
  const stop = dlq.harness.runtime.orders.stopAt('orders.afterRedriveBeforePublish');
  expect((await dlq.redrive(letterId)).status).toBe(200);
  await stop.reached;
  expect(await dlq.look(letterId)).toMatchObject({ status: 'REDRIVING', actions: [{ by: 'ann' }] });
  expect(timesReturned(orderId)).toBe(0);
  await redriveByAnother(letterId);
  await eventually(() => expect(timesReturned(orderId)).toBe(1), WAIT);
  stop.resume();
});

test('a crash after a letter is published and before that is recorded has it redriven once more', async () => {
  await open();
  const orderId = await dlq.putLetter();
  const { letterId } = await dlq.letterOf(orderId);
  const stop = dlq.harness.runtime.orders.stopAt('orders.afterRedrivePublishBeforeRecord');
  await dlq.redrive(letterId);
  await stop.reached;
  await eventually(() => expect(timesReturned(orderId)).toBe(1), WAIT);
  expect(await statusOf(letterId)).toBe('REDRIVING');
  await redriveByAnother(letterId);
  await eventually(() => expect(timesReturned(orderId)).toBe(2), WAIT);
  stop.resume();
});

test('a letter that one instance has locked is not redriven by another', async () => {
  await open();
  const [inHand, next] = [await dlq.putLetter(), await dlq.putLetter()];
  const [first, second] = [await dlq.letterOf(inHand), await dlq.letterOf(next)];
  const stop = dlq.harness.runtime.orders.stopAt('orders.afterRedrivePublishBeforeRecord');
  await dlq.redrive(first.letterId);
  await stop.reached;
  const other = await dlq.harness.anotherOrders();
  await dlq.redrive(second.letterId, {}, other);
  await eventually(async () => expect(await statusOf(second.letterId)).toBe('REDRIVEN'), WAIT);
  stop.resume();
  await eventually(async () => expect(await statusOf(first.letterId)).toBe('REDRIVEN'), WAIT);
  await eventually(() => expect([inHand, next].map(timesReturned)).toEqual([1, 1]), WAIT);
});

test('while the broker is down letters wait, the service is ready all the same, and they go when it is back', async () => {
  await open();
  const orderIds = await Promise.all(times(3, () => dlq.putLetter()));
  const letters = await Promise.all(orderIds.map((orderId) => dlq.letterOf(orderId)));
  dlq.power.isDown = true;
  for (const { letterId } of letters) expect((await dlq.redrive(letterId)).status).toBe(200);
  await eventually(() => {
    const failed = dlq.harness.orders.logs.filter(({ task }) => task === 'redrive relay');
    expect(failed.length).toBeGreaterThan(0);
  }, WAIT);
  for (const { letterId } of letters) expect(await statusOf(letterId)).toBe('REDRIVING');
  expect((await dlq.harness.orders.server.inject('/health/ready')).json()).toMatchObject({ status: 'ready' });
  dlq.power.isDown = false;
  for (const { letterId } of letters)
    await eventually(async () => expect(await statusOf(letterId)).toBe('REDRIVEN'), WAIT);
  await eventually(() => expect(orderIds.map(timesReturned)).toEqual([1, 1, 1]), WAIT);
});

test('one that Kafka will never take back is open again and does not keep the others back', async () => {
  await open();
  const large = fresh('order');
  await dlq.put(`${TOPIC}.DLQ`, { key: large, value: 'x'.repeat(TOO_LARGE_BYTES) });
  const small = await dlq.putLetter();
  const letters = [await dlq.letterOf(large), await dlq.letterOf(small)] as const;
  dlq.power.isDown = true;
  for (const { letterId } of letters) await dlq.redrive(letterId);
  dlq.power.isDown = false;
  await eventually(async () => expect(await statusOf(letters[1].letterId)).toBe('REDRIVEN'), WAIT);
  expect(await dlq.look(letters[0].letterId)).toMatchObject({
    status: 'OPEN',
    actions: [
      { action: 'REDRIVE', by: 'ann' },
      { action: 'REFUSED', by: 'kafka', note: 'too large for its topic' },
    ],
  });
  expect(timesReturned(large)).toBe(0);
});
