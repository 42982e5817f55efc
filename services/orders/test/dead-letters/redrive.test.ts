import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  eventually,
  inTurn,
  readTopics,
  startTestPostgres,
  times,
  type TestPostgres,
} from '@order-pipeline/testing';
import { fresh } from '../shop.ts';
import { openDesk, WAIT, type Desk } from './desk.ts';

const TOPIC = 'ORDER_PROCESSING';
/** More than Kafka takes on a topic of events, less than on one of dead letters. */
const TOO_LARGE_BYTES = 1_200_000;

let postgres: TestPostgres;
let desk: Desk;
let returned: Awaited<ReturnType<typeof readTopics>>;

beforeAll(async () => {
  postgres = await startTestPostgres();
});

const open = async (): Promise<void> => {
  desk = await openDesk(postgres);
  returned = await readTopics(desk.broker, [TOPIC]);
};

afterEach(() =>
  inTurn(
    () => returned?.stop(),
    () => desk?.close(),
  ),
);

afterAll(() => postgres?.stop());

const timesReturned = (orderId: string): number =>
  returned.messages.filter(({ key }) => key === orderId).length;

const statusOf = async (letterId: string) => (await desk.look(letterId)).status;

/** When a process dies, its connections are closed for it. */
const closeConnections = () => desk.shop.database.orders.$queryRaw`
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND state = 'idle in transaction'`;

test('a crash before a letter is published has another instance redrive it', async () => {
  await open();
  const orderId = await desk.putLetter();
  const { letterId } = await desk.letterOf(orderId);
  const stop = desk.shop.runtime.orders.stopAt('orders.afterRedriveBeforePublish');
  expect((await desk.redrive(letterId)).status).toBe(200);
  await stop.reached;
  expect(await desk.look(letterId)).toMatchObject({ status: 'REDRIVING', actions: [{ by: 'ann' }] });
  expect(timesReturned(orderId)).toBe(0);
  await closeConnections();
  await desk.shop.anotherOrders();
  await eventually(async () => expect(await statusOf(letterId)).toBe('REDRIVEN'), WAIT);
  await eventually(() => expect(timesReturned(orderId)).toBe(1), WAIT);
  expect((await desk.look(letterId)).actions).toHaveLength(1);
  stop.resume();
});

test('a crash after a letter is published and before that is recorded has it redriven once more', async () => {
  await open();
  const orderId = await desk.putLetter();
  const { letterId } = await desk.letterOf(orderId);
  const stop = desk.shop.runtime.orders.stopAt('orders.afterRedrivePublishBeforeRecord');
  await desk.redrive(letterId);
  await stop.reached;
  await eventually(() => expect(timesReturned(orderId)).toBe(1), WAIT);
  expect(await statusOf(letterId)).toBe('REDRIVING');
  await closeConnections();
  await desk.shop.anotherOrders();
  await eventually(async () => expect(await statusOf(letterId)).toBe('REDRIVEN'), WAIT);
  await eventually(() => expect(timesReturned(orderId)).toBe(2), WAIT);
  expect((await desk.look(letterId)).actions).toHaveLength(1);
  stop.resume();
});

test('a letter that one instance has locked is not redriven by another', async () => {
  await open();
  const [inHand, next] = [await desk.putLetter(), await desk.putLetter()];
  const [first, second] = [await desk.letterOf(inHand), await desk.letterOf(next)];
  const stop = desk.shop.runtime.orders.stopAt('orders.afterRedrivePublishBeforeRecord');
  await desk.redrive(first.letterId);
  await stop.reached;
  const other = await desk.shop.anotherOrders();
  await desk.redrive(second.letterId, {}, other);
  await eventually(async () => expect(await statusOf(second.letterId)).toBe('REDRIVEN'), WAIT);
  stop.resume();
  await eventually(async () => expect(await statusOf(first.letterId)).toBe('REDRIVEN'), WAIT);
  await eventually(() => expect([inHand, next].map(timesReturned)).toEqual([1, 1]), WAIT);
});

test('while the broker is down letters wait, the service is ready all the same, and they go when it is back', async () => {
  await open();
  const orderIds = await Promise.all(times(3, () => desk.putLetter()));
  const letters = await Promise.all(orderIds.map((orderId) => desk.letterOf(orderId)));
  desk.power.isDown = true;
  for (const { letterId } of letters) expect((await desk.redrive(letterId)).status).toBe(200);
  await eventually(() => {
    const failed = desk.shop.orders.logs.filter(({ task }) => task === 'redrive relay');
    expect(failed.length).toBeGreaterThan(0);
  }, WAIT);
  for (const { letterId } of letters) expect(await statusOf(letterId)).toBe('REDRIVING');
  expect((await desk.shop.orders.server.inject('/health/ready')).json()).toMatchObject({ status: 'ready' });
  desk.power.isDown = false;
  for (const { letterId } of letters)
    await eventually(async () => expect(await statusOf(letterId)).toBe('REDRIVEN'), WAIT);
  await eventually(() => expect(orderIds.map(timesReturned)).toEqual([1, 1, 1]), WAIT);
});

test('one that Kafka will never take back is open again and does not keep the others back', async () => {
  await open();
  const large = fresh('order');
  await desk.put(`${TOPIC}.DLQ`, { key: large, value: 'x'.repeat(TOO_LARGE_BYTES) });
  const small = await desk.putLetter();
  const letters = [await desk.letterOf(large), await desk.letterOf(small)] as const;
  desk.power.isDown = true;
  for (const { letterId } of letters) await desk.redrive(letterId);
  desk.power.isDown = false;
  await eventually(async () => expect(await statusOf(letters[1].letterId)).toBe('REDRIVEN'), WAIT);
  expect(await desk.look(letters[0].letterId)).toMatchObject({
    status: 'OPEN',
    actions: [
      { action: 'REDRIVE', by: 'ann' },
      { action: 'REFUSED', by: 'kafka', note: 'too large for its topic' },
    ],
  });
  expect(timesReturned(large)).toBe(0);
});
