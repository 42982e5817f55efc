import { expect, test } from '@jest/globals';
import { createTestBroker, eventually } from '@order-pipeline/testing';
import type { ReceivedEvent } from '../../src/index.ts';
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
} from '../support.ts';

// On the broker in memory alone (scripts/test.ts): a real Kafka times the rebalance otherwise.

test('messages that came again while the commit of their first work was under way are not told as done', async () => {
  const [group, orderId] = [fresh('group'), fresh('order')];
  const [asked, refused] = [createGate(), createGate()];
  let commits = 0;
  const broker = withCommits(createTestBroker(), async () => {
    commits += 1;
    if (commits > 1) return;
    asked.open();
    await refused.opened;
    throw new Error('The coordinator is not aware of this member');
  });
  const first = await startHarness({ broker });
  const taken: ReceivedEvent[] = [];
  const consumer = first.consume({
    group,
    topics: [TOPIC],
    commits: 'by the handler',
    handle: async (events) => void taken.push(...events),
    onAssigned: () => void taken.splice(0),
  });
  const own = () => taken.filter(({ event }) => event.orderId === orderId);
  await publish(first, orderId);
  await eventually(() => expect(own()).toHaveLength(1), WAIT);
  const [message] = own();
  if (!message) throw new Error('it came');
  const workingOff = consumer.workOff([...taken], async () => undefined);
  await asked.opened;

  // Another one comes and goes, so that all partitions are assigned anew, and what is not committed comes again.
  const second = await startHarness({ broker });
  const other = second.consume({
    group,
    topics: [TOPIC],
    commits: 'by the handler',
    handle: async () => undefined,
  });
  await eventually(() => expect(partitionsOf(first)).toHaveLength(3), WAIT);
  await other.stop();
  await eventually(() => expect(partitionsOf(first)).toHaveLength(6), WAIT);
  await eventually(() => expect(own()).toHaveLength(1), WAIT);
  refused.open();
  expect(await workingOff).toBe(false);

  expect(await consumer.workOff([...taken], async () => undefined)).toBe(true);
  expect(await committedAt(broker, group, message)).toBeGreaterThan(Number(message.offset));
  await Promise.all([first.service.close(), second.service.close()]);
});
