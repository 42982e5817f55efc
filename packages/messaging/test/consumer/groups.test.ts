import { expect, test } from '@jest/globals';
import { unavailable } from '@order-pipeline/service-kit';
import { createTestBroker, eventually } from '@order-pipeline/testing';
import type { ReceivedEvent } from '../../src/index.ts';
import {
  consumeIds,
  fresh,
  idsOf,
  partitionsOf,
  publish,
  startHarness,
  TOPIC,
  WAIT,
  withEachBatch,
} from '../support.ts';

// These run on the broker in memory, and on a real Kafka where KAFKA_BROKERS is set: each with a group and order ids of
// its own, because the topics are everybody's.

test('two members of a group share its partitions, and who stays takes over from who leaves', async () => {
  const broker = createTestBroker();
  const group = fresh('group');
  const processed: string[][] = [[], []];
  const members = await Promise.all(
    processed.map(async (mine) => {
      const member = await startHarness({ broker });
      const { consumer } = consumeIds(member, group, mine);
      return { member, consumer };
    }),
  );
  const [first, second] = members;
  if (!first || !second) throw new Error('two members were asked for');
  await eventually(() => {
    const shares = members.map(({ member }) => partitionsOf(member));
    expect(shares.map((share) => share.length)).toEqual([3, 3]);
    expect(new Set(shares.flat()).size).toBe(6);
  }, WAIT);

  const orderIds = Array.from({ length: 60 }, () => fresh('order'));
  await publish(first.member, ...orderIds);
  const own = () => processed.map((ids) => ids.filter((id) => orderIds.includes(id)));
  await eventually(() => expect(own().flat().toSorted()).toEqual(orderIds.toSorted()), WAIT);
  expect(own().every((ids) => ids.length > 0)).toBe(true);

  await first.consumer.stop();
  const later = Array.from({ length: 60 }, () => fresh('order'));
  await publish(first.member, ...later);
  await eventually(() => expect(processed[1]).toEqual(expect.arrayContaining(later)), WAIT);
  await Promise.all(members.map(({ member }) => member.service.close()));
});

test('a batch that waits for an unavailable dependency is handed on when another member joins', async () => {
  const broker = createTestBroker();
  const [group, orderId] = [fresh('group'), fresh('order')];
  const first = await startHarness({ broker });
  const second = await startHarness({ broker });
  let tries = 0;
  let isDown = true;
  const done: string[] = [];
  const handle = async (events: readonly ReceivedEvent[]): Promise<void> => {
    if (!idsOf(events).includes(orderId)) return;
    tries += 1;
    if (isDown) throw unavailable('orders is down');
    done.push(orderId);
  };
  await publish(first, orderId);
  first.consume({ group, topics: [TOPIC], commitMode: 'auto', handle });
  await eventually(() => expect(tries).toBeGreaterThan(1), WAIT);
  second.consume({ group, topics: [TOPIC], commitMode: 'auto', handle });
  await eventually(() => {
    expect(partitionsOf(first)).toHaveLength(3);
    expect(partitionsOf(second)).toHaveLength(3);
  }, WAIT);
  isDown = false;
  await eventually(() => expect(done).toEqual([orderId]), WAIT);
  await Promise.all([first.service.close(), second.service.close()]);
});

test('a consumer that kafkajs has given up on is restarted, and no message is skipped', async () => {
  let crashes = 1;
  // As a bug inside kafkajs would: it gives up on a TypeError.
  const broker = withEachBatch(createTestBroker(), () => {
    crashes -= 1;
    if (crashes >= 0) throw new TypeError('a bug');
  });
  const harness = await startHarness({ broker });
  const [group, orderId] = [fresh('group'), fresh('order')];
  await publish(harness, orderId);
  const { processed } = consumeIds(harness, group);
  await eventually(() => expect(processed).toContain(orderId), WAIT);
  // A batch of another partition may have been processed before kafkajs gave up.
  await eventually(() => {
    const logged = harness.service.logs.map(({ msg }) => msg);
    expect(logged).toEqual(expect.arrayContaining(['consumer crashed', 'consumer restarting']));
    expect(logged.filter((msg) => msg === 'consumer joined its group')).toHaveLength(2);
  }, WAIT);
  await harness.service.close();
});

test('while it has nothing to do, and while it is paused, a consumer continues to report that it fetches', async () => {
  const broker = createTestBroker();
  const harness = await startHarness({ broker });
  await publish(harness, fresh('order'));
  const consumer = broker
    .connect(fresh('client'))
    .consumer({ groupId: fresh('group'), maxWaitTimeInMs: 100 });
  let fetches = 0;
  consumer.on(consumer.events.FETCH, () => {
    fetches += 1;
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [TOPIC] });
  await consumer.run({ eachBatch: async () => undefined });
  await eventually(() => expect(fetches).toBeGreaterThan(5), WAIT);
  consumer.pause([{ topic: TOPIC }]);
  const before = fetches;
  await eventually(() => expect(fetches).toBeGreaterThan(before + 5), WAIT);
  await consumer.disconnect();
  await harness.service.close();
});
