import { expect, test } from '@jest/globals';
import { eventually, times } from '@order-pipeline/testing';
import type { ReceivedEvent } from '../../src/index.ts';
import {
  committedAt,
  consumeIds,
  consumeWith,
  fresh,
  publish,
  readDeadLetters,
  startHarness,
  WAIT,
} from '../support.ts';

test('messages that wait for a lock are tried again by themselves, and hold up neither the others nor a commit of theirs', async () => {
  const harness = await startHarness();
  const group = fresh('group');
  // All of one order, so in one partition: what comes later stands behind it.
  const partitioner = fresh('order');
  const handled: ReceivedEvent[] = [];
  const batches: number[] = [];
  let locked: string | undefined;
  consumeWith(harness, group, async (events) => {
    const own = events.filter(({ event }) => event.orderId.startsWith(partitioner));
    locked ??= own[0]?.offset;
    batches.push(own.filter(({ offset }) => offset === locked).length);
    const waiting = own.filter(({ offset }) => offset === locked);
    handled.push(...own.filter(({ offset }) => offset !== locked));
    return locked === 'none' ? [] : waiting;
  });
  await publish(harness, partitioner);
  const first = await eventually(() => {
    if (locked === undefined) throw new Error('not there yet');
    return locked;
  }, WAIT);
  for (const _ of times(3, (index) => index)) await publish(harness, partitioner);
  await eventually(() => expect(handled).toHaveLength(3), WAIT);
  const position = handled[0] as ReceivedEvent;
  // It is tried again, alone, and nothing of its partition is committed from it on.
  const tries = batches.filter((count) => count > 0).length;
  await eventually(
    () => expect(batches.filter((count) => count > 0).length).toBeGreaterThan(tries + 1),
    WAIT,
  );
  expect(await committedAt(harness.broker, group, position)).toBeLessThanOrEqual(Number(first));
  locked = 'none';
  await eventually(() => expect(handled).toHaveLength(4), WAIT);
  await eventually(async () => {
    expect(await committedAt(harness.broker, group, position)).toBeGreaterThan(Number(handled[2]?.offset));
  }, WAIT);
  const letters = await readDeadLetters(harness.broker, group, partitioner);
  expect(letters.own()).toEqual([]);
  await letters.stop();
  await harness.service.close();
});

test('what waits for a lock when the consumer stops comes to the next one', async () => {
  const harness = await startHarness();
  const [group, orderId] = [fresh('group'), fresh('order')];
  let tries = 0;
  const consumer = consumeWith(harness, group, async (events) => {
    const own = events.filter(({ event }) => event.orderId === orderId);
    tries += own.length;
    return own;
  });
  await publish(harness, orderId);
  await eventually(() => expect(tries).toBeGreaterThan(1), WAIT);
  await consumer.stop();
  const { processed } = consumeIds(harness, group);
  await eventually(() => expect(processed).toContain(orderId), WAIT);
  await harness.service.close();
});
