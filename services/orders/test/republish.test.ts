import { afterEach, expect, test } from '@jest/globals';
import { TOPIC_NAMES, TOPIC_OF } from '@order-pipeline/contracts';
import { createTopicSetup } from '@order-pipeline/messaging';
import { HOUR_MS } from '@order-pipeline/service-kit';
import { eventually, inTurn, type TestService } from '@order-pipeline/testing';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';
import { createSwitchedBroker, readEvents, type SwitchedBroker, type EventReader } from './broker.ts';
import { startHarness, type Harness, type HarnessOptions } from './harness.ts';

/** A real Kafka takes its time to let a first member into a group. */
const WAIT = { timeoutMs: 20_000 };
const AGAIN = 'order_republished';

let broker: SwitchedBroker;
let harness: Harness;
let reader: EventReader;
let item: string;
let clock = Date.now();

const postgres = useTestPostgres();

/** Every order is looked at four times a second; none is late before the test moves the clock. */
const open = async (options: HarnessOptions = {}, durable = true): Promise<void> => {
  broker = createSwitchedBroker(durable);
  harness = await startHarness(postgres, {
    environment: { REPUBLISH_AFTER_MS: '1000' },
    now: () => clock,
    broker,
    ...options,
  });
  item = await harness.addItem(1_000);
  await createTopicSetup(broker, 'test')();
  reader = await readEvents(broker, [...TOPIC_NAMES]);
};

afterEach(() =>
  inTurn(
    () => reader?.stop(),
    () => harness.close(),
  ),
);

/** The topics on which an order was announced, in no order. */
const announced = (orderId: string): string[] =>
  reader
    .about(orderId)
    .map(({ headers }) => headers['ce_type'] ?? '')
    .toSorted();

const timesAgain = ({ logs }: TestService, orderId: string): number =>
  logs.filter((line) => line.event === AGAIN && line['orderId'] === orderId).length;

const standing = async (status: 'PENDING' | 'PROCESSING' | 'SHIPPED' | 'DELIVERED'): Promise<string> => {
  const orderId = await harness.placed({ [item]: 1 });
  await harness.walk(orderId, status);
  await eventually(() => expect(announced(orderId)).toEqual(['ORDER_PLACED']), WAIT);
  return orderId;
};

test('an order that stands in a status for too long has the event of that status published again', async () => {
  await open();
  const late = {
    PENDING: await standing('PENDING'),
    PROCESSING: await standing('PROCESSING'),
    SHIPPED: await standing('SHIPPED'),
  };
  const done = [await standing('DELIVERED'), await standing('PENDING')] as const;
  await harness.cancel(done[1]);
  clock += HOUR_MS;
  for (const status of ['PENDING', 'PROCESSING', 'SHIPPED'] as const) {
    const orderId = late[status];
    await eventually(
      () => expect(announced(orderId)).toEqual(['ORDER_PLACED', TOPIC_OF[status]].toSorted()),
      WAIT,
    );
    const { at } = (await harness.historyOf(orderId)).at(-1) ?? {};
    const again = reader.about(orderId).filter(({ headers }) => headers['ce_type'] === TOPIC_OF[status]);
    expect(again.at(-1)).toMatchObject({
      value: { orderId, status, at, items: [{ itemId: item, quantity: 1 }] },
      headers: { ce_id: `${orderId}:${status}`, traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-/) },
    });
  }
  // As long again, and again; the others never.
  clock += HOUR_MS;
  await eventually(() =>
    expect(announced(late.SHIPPED).filter((topic) => topic === 'ORDER_SHIPPED')).toHaveLength(2),
  );
  for (const orderId of Object.values(late)) expect(timesAgain(harness.orders, orderId)).toBe(2);
  for (const orderId of done) expect(timesAgain(harness.orders, orderId)).toBe(0);
});

test('an order that was announced again is left alone until it has stood as long once more', async () => {
  await open();
  const first = await standing('PENDING');
  clock += 500;
  const second = await standing('PENDING');
  clock += 500;
  await eventually(() => expect(timesAgain(harness.orders, first)).toBe(1));
  clock += 500;
  // The run that finds the second one has passed over the first.
  await eventually(() => expect(timesAgain(harness.orders, second)).toBe(1));
  expect(timesAgain(harness.orders, first)).toBe(1);
  clock += 500;
  await eventually(() => expect(timesAgain(harness.orders, first)).toBe(2));
  expect(timesAgain(harness.orders, second)).toBe(1);
});

test('an order that was transitioned lately is left alone', async () => {
  await open();
  const [late, moved] = [await standing('PENDING'), await standing('PENDING')];
  // In two steps, neither of which makes an order late before it is moved: a run may come at any moment.
  clock += 500;
  broker.isDown = true;
  await harness.move('PROCESSING', [moved]);
  clock += 500;
  await eventually(() => expect(timesAgain(harness.orders, late)).toBeGreaterThan(0));
  expect(timesAgain(harness.orders, moved)).toBe(0);
});

test('an event that still waits in the outbox is not doubled there', async () => {
  await open();
  broker.isDown = true;
  const orderId = await harness.placed({ [item]: 1 });
  clock += HOUR_MS;
  await eventually(() => expect(timesAgain(harness.orders, orderId)).toBe(1));
  clock += HOUR_MS;
  await eventually(() => expect(timesAgain(harness.orders, orderId)).toBe(2));
  expect(await harness.database.orders.$queryRaw`SELECT event_id FROM outbox`).toEqual([
    { event_id: `${orderId}:PENDING` },
  ]);
});

test('where the broker loses everything at a restart, every order in progress is announced again at once', async () => {
  await open({ environment: { REPUBLISH_AFTER_MS: '600000' } }, false);
  const standingOrders = [
    await standing('PENDING'),
    await standing('PROCESSING'),
    await standing('SHIPPED'),
  ] as const;
  const delivered = await standing('DELIVERED');
  clock += 1;
  const restarted = await harness.anotherOrders();
  await eventually(
    () => expect(announced(standingOrders[2])).toEqual(['ORDER_PLACED', 'ORDER_SHIPPED']),
    WAIT,
  );
  for (const orderId of standingOrders)
    await eventually(() => expect(timesAgain(restarted, orderId)).toBe(1));
  expect(timesAgain(restarted, delivered)).toBe(0);
});

test('where the broker keeps everything, a restart announces nothing again', async () => {
  await open({ environment: { REPUBLISH_AFTER_MS: '600000' } });
  const orderId = await standing('PENDING');
  clock += 1;
  const restarted = await harness.anotherOrders();
  const later = await harness.placed({ [item]: 1 });
  await eventually(() => expect(announced(later)).toEqual(['ORDER_PLACED']), WAIT);
  expect(timesAgain(restarted, orderId)).toBe(0);
  expect(announced(orderId)).toEqual(['ORDER_PLACED']);
});
