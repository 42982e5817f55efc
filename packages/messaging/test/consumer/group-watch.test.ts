import { expect, test } from '@jest/globals';
import { createRuntime, unavailable } from '@order-pipeline/service-kit';
import { createTestBroker, eventually, withOwnGroups } from '@order-pipeline/testing';
import { createGroupWatch } from '../../src/index.ts';
import { createFaultyBroker, fresh, publish, startHarness, TOPIC, WAIT } from '../support.ts';

test('a group is seen with its members, its lag, and since when it makes no progress', async () => {
  const broker = withOwnGroups(createTestBroker());
  const harness = await startHarness({ broker });
  let clock = 1_000_000;
  const groups = createGroupWatch(broker, 'watch', { ...createRuntime(), monotonic: () => clock });
  const look = () => groups.look('shipping', TOPIC);
  await publish(harness, fresh('order'));
  expect(await look()).toMatchObject({ members: 0, standsForMs: 0, lag: expect.any(Number) });
  expect((await look()).lag).toBeGreaterThan(0);

  let isDown = true;
  harness.consume({
    group: 'shipping',
    topics: [TOPIC],
    commitMode: 'auto',
    handle: async () => {
      if (isDown) throw unavailable('a dependency is unavailable');
    },
  });
  await eventually(async () => expect(await look()).toMatchObject({ members: 1, standsForMs: 0 }), WAIT);
  clock += 5_000;
  expect(await look()).toMatchObject({ members: 1, standsForMs: 5_000 });
  isDown = false;
  await eventually(async () => expect(await look()).toEqual({ members: 1, lag: 0, standsForMs: 0 }), WAIT);
  // A group without lag is not stuck.
  clock += 5_000;
  expect((await look()).standsForMs).toBe(0);
  await groups.stop();
  await harness.service.close();
}, 60_000);

test('a Kafka that is away is an error', async () => {
  const { broker, faults } = createFaultyBroker();
  const groups = createGroupWatch(broker, 'watch', createRuntime());
  faults.brokerDown();
  await expect(groups.look('shipping', TOPIC)).rejects.toThrow();
  await groups.stop();
});
