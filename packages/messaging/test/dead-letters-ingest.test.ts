import { afterEach, expect, test } from '@jest/globals';
import { unavailable } from '@order-pipeline/service-kit';
import { createTestBroker, eventually, withOwnGroups } from '@order-pipeline/testing';
import { ingestDeadLetters, MAX_TRIES, type ReadDeadLetter } from '../src/index.ts';
import { fresh, startHarness, WAIT, type Harness } from './support.ts';

const TOPIC = 'ORDER_SHIPPED.DLQ';

let harness: Harness;

afterEach(() => harness?.service.close());

/** Keeps letters, unless `refusal` says why not for what they hold. */
const start = async (
  refusal: (value: string, letter: ReadDeadLetter) => Error | undefined = () => undefined,
  broker = withOwnGroups(createTestBroker()),
) => {
  harness = await startHarness({ broker });
  const kept: (ReadDeadLetter & { readonly key: string })[] = [];
  ingestDeadLetters({
    messaging: harness,
    logger: harness.service.context.logger,
    keep: async (letter, raw) => {
      const error = refusal(String(raw.value), letter);
      if (error) throw error;
      kept.push({ ...letter, key: String(raw.key) });
    },
  });
  return { kept, timesKept: (key: string) => kept.filter(({ orderId }) => orderId === key).length };
};

const put = (key: string, value = 'x') =>
  harness.publisher.send(TOPIC, [
    { key, value, headers: { 'dlq.redrives': '1', 'dlq.group': 'delivery', 'dlq.reason': 'x' } },
  ]);

test('every letter is kept, of whatever topic, also one that is a well-formed event', async () => {
  const { timesKept } = await start();
  const key = fresh('order');
  await put(key);
  await put(key, JSON.stringify({ orderId: key }));
  await harness.publisher.send('ORDER_PLACED.DLQ', [{ key, value: null }]);
  await eventually(() => expect(timesKept(key)).toBe(3), WAIT);
});

test('a letter that cannot be kept for now is waited with', async () => {
  let isDown = true;
  const { timesKept } = await start(() => (isDown ? unavailable('down') : undefined));
  const key = fresh('order');
  await put(key);
  await eventually(() => {
    const waits = harness.service.logs.filter(({ msg }) => msg.includes('could not be sent to the DLQ'));
    expect(waits.length).toBeGreaterThan(1);
  }, WAIT);
  isDown = false;
  await eventually(() => expect(timesKept(key)).toBe(1), WAIT);
});

test('a letter that cannot be kept as it says is kept as it lies, and holds nothing up', async () => {
  const { timesKept, kept } = await start((value, { group }) =>
    value === 'bad' && group !== 'unknown' ? new Error('a bug') : undefined,
  );
  const key = fresh('order');
  // Of one key, so in one partition.
  await put(key, 'bad');
  await put(key, 'good');
  await eventually(() => expect(timesKept(key)).toBe(1), WAIT);
  // A broker that is shared has letters of others, too.
  const [bare, ...others] = kept.filter((letter) => letter.key === key && letter.group === 'unknown');
  expect(others).toEqual([]);
  expect(bare).toMatchObject({ topic: 'ORDER_SHIPPED', orderId: undefined, redrives: 0 });
  const logged = harness.service.logs.filter(({ msg }) => msg.includes('malformed headers'));
  expect(logged).toMatchObject([
    { level: 50, topic: TOPIC, partition: bare?.partition, offset: bare?.offset },
  ]);
  expect(harness.service.logs.some(({ msg }) => msg === 'message sent to the DLQ')).toBe(false);
});

test('a letter that cannot be kept at all is not committed: it waits, and comes again to the next keeper', async () => {
  const broker = withOwnGroups(createTestBroker());
  const { kept } = await start(() => new Error('a bug'), broker);
  const key = fresh('order');
  await put(key);
  await eventually(() => {
    const waits = harness.service.logs.filter(({ msg }) => msg.includes('could not be sent to the DLQ'));
    expect(waits.length).toBeGreaterThan(MAX_TRIES);
  }, WAIT);
  expect(kept).toEqual([]);
  await harness.service.close();
  const { timesKept } = await start(undefined, broker);
  await eventually(() => expect(timesKept(key)).toBe(1), WAIT);
});

test('a dead letter without a reason is stored too, whichever group it was for', async () => {
  const { timesKept } = await start();
  const key = fresh('order');
  await harness.publisher.send(TOPIC, [
    { key, value: 'x', headers: { 'dlq.redrives': '1', 'dlq.group': 'delivery' } },
  ]);
  await eventually(() => expect(timesKept(key)).toBe(1), WAIT);
});

test('a service is ready while its keeper cannot reach the broker', async () => {
  await start();
  expect(await harness.service.context.health.readiness()).toEqual({ status: 'ready', checks: {} });
});
