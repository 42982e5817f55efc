import { expect, test } from '@jest/globals';
import { Kafka } from '@order-pipeline/memory-kafka';
import { eventually } from '@order-pipeline/testing';
import { raisePartitions } from '../../src/index.ts';
import {
  committedAt,
  consumeIds,
  createHurriedWorld,
  fresh,
  partitionsOf,
  publish,
  startHarness,
  TOPIC,
  WAIT,
} from '../support.ts';

// On a broker in memory alone, where time passes faster, and where nobody else counts the partitions of the topic. On a real Kafka
// test/compose/kafka-acls does the same.

const RAISED = 8;
const NEW_PARTITIONS = [6, 7];

test('partitions that are added while orders come in are consumed by those that run, and nothing is lost', async () => {
  const { broker, runtime, cluster } = createHurriedWorld();
  const group = fresh('group');
  const processed: string[] = [];
  const members = await Promise.all(
    ['one', 'another'].map(async () => {
      const member = await startHarness({ broker, runtime });
      consumeIds(member, group, processed);
      return member;
    }),
  );
  const [publisher] = members;
  if (!publisher) throw new Error('members were asked for');
  const orderIds: string[] = [];
  const place = async (): Promise<void> => {
    const placed = Array.from({ length: 20 }, () => fresh('order'));
    await publish(publisher, ...placed);
    orderIds.push(...placed);
  };
  const shared = () => members.flatMap(partitionsOf).toSorted((a, b) => a - b);
  await eventually(() => expect(shared()).toHaveLength(6), WAIT);
  await place();

  const admin = new Kafka({ brokers: ['memory:9092'], cluster }).admin();
  await admin.connect();
  await raisePartitions(admin, [TOPIC], RAISED, runtime);
  await eventually(async () => {
    await place();
    for (const partition of NEW_PARTITIONS)
      expect(await committedAt(broker, group, { topic: TOPIC, partition })).toBeGreaterThan(0);
  }, WAIT);
  expect(shared()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  await eventually(() => expect(new Set(processed)).toEqual(new Set(orderIds)), WAIT);
  await admin.disconnect();
  await Promise.all(members.map(({ service }) => service.close()));
});
