import { afterEach, expect, test } from '@jest/globals';
import type { Broker } from '@order-pipeline/service-kit';
import { createTestBroker, eventually } from '@order-pipeline/testing';
import type { MessagePosition, ReceivedEvent } from '../../src/index.ts';
import {
  committedAt,
  createGate,
  fresh,
  partitionsOf,
  publish,
  startHarness,
  TOPIC,
  WAIT,
  withCommits,
  type Harness,
} from '../support.ts';

const started: Harness[] = [];
afterEach(() => Promise.all(started.splice(0).map(({ service }) => service.close())));

const start = async (broker: Broker): Promise<Harness> => {
  const harness = await startHarness({ broker });
  started.push(harness);
  return harness;
};

/**
 * A broker that holds up the first commit by which a message is done, and then refuses it. Other commits go through: what
 * else lies in the topic may be done as soon as it is read, and its commit is part of the consumer's own loop, which
 * could not join its group anew while it is held up.
 */
const createHeldCommit = () => {
  const [asked, refused] = [createGate(), createGate()];
  let held: MessagePosition | undefined;
  const isOf = ({ topic, partition, offset }: MessagePosition): boolean =>
    topic === held?.topic && partition === held.partition && BigInt(offset) > BigInt(held.offset);
  const broker = withCommits(createTestBroker(), async (offsets) => {
    if (!offsets.some(isOf)) return;
    held = undefined;
    asked.open();
    await refused.opened;
    throw new Error('The coordinator is not aware of this member');
  });
  const hold = (message: MessagePosition): void => {
    held = message;
  };
  return { broker, hold, asked: asked.opened, refuse: refused.open };
};

test('messages that are redelivered while their first commit is in progress are not reported as done', async () => {
  const [group, orderId] = [fresh('group'), fresh('order')];
  const { broker, hold, asked, refuse } = createHeldCommit();
  const first = await start(broker);
  const taken: ReceivedEvent[] = [];
  const consumer = first.consume({
    group,
    topics: [TOPIC],
    commitMode: 'manual',
    handle: async (events) => void taken.push(...events),
    onAssigned: () => void taken.splice(0),
  });
  const own = () => taken.filter(({ event }) => event.orderId === orderId);
  // One that is done as soon as it is read, as there may be any number in a topic that is shared.
  const redriven = { 'dlq.redrives': '1', 'dlq.group': fresh('other') };
  await first.publisher.send(TOPIC, [{ key: orderId, value: 'x', headers: redriven }]);
  await publish(first, orderId);
  await eventually(() => expect(own()).toHaveLength(1), WAIT);
  const [message] = own();
  if (!message) throw new Error('it came');
  hold(message);
  const processing = consumer.processBuffered([...taken], async () => undefined);
  await asked;

  // Another one comes and goes, so that all partitions are assigned anew, and what is not committed comes again.
  const second = await start(broker);
  const other = second.consume({
    group,
    topics: [TOPIC],
    commitMode: 'manual',
    handle: async () => undefined,
  });
  await eventually(() => expect(partitionsOf(first)).toHaveLength(3), WAIT);
  await other.stop();
  await eventually(() => expect(partitionsOf(first)).toHaveLength(6), WAIT);
  await eventually(() => expect(own()).toHaveLength(1), WAIT);
  refuse();
  expect(await processing).toBe(false);

  expect(await consumer.processBuffered([...taken], async () => undefined)).toBe(true);
  expect(await committedAt(broker, group, message)).toBeGreaterThan(Number(message.offset));
});
