import { expect, test } from '@jest/globals';
import type { Broker } from '@order-pipeline/service-kit';
import { eventually, readTopics } from '@order-pipeline/testing';
import type { ReceivedEvent } from '../../src/index.ts';
import {
  createAbsentBroker,
  createFaultyBroker,
  createGate,
  createHurriedWorld,
  idsOf,
  publish,
  startHarness,
  TOPIC,
  WAIT,
  withCommits,
  withEachBatch,
  type Harness,
} from '../support.ts';

const startConsuming = (harness: Harness, handle: (events: readonly ReceivedEvent[]) => Promise<void>) =>
  harness.consume({ group: 'shipping', topics: [TOPIC], commitMode: 'auto', handle });

/** How many messages the group has still to commit. */
const lagOf = async (broker: Broker): Promise<number> => {
  const admin = broker.connect('tests').admin();
  const [offsets] = await admin.fetchOffsets({ groupId: 'shipping', topics: [TOPIC] });
  const ends = await admin.fetchTopicOffsets(TOPIC);
  await admin.disconnect();
  return ends.reduce((lag, { partition, high }) => {
    const committed = Number(offsets?.partitions.find((one) => one.partition === partition)?.offset ?? 0);
    return lag + Number(high) - Math.max(0, committed);
  }, 0);
};

/** Consumes, and keeps the ids of the orders whose messages it has processed. */
const startCollecting = (harness: Harness) => {
  const processed: string[] = [];
  const consumer = startConsuming(harness, async (events) => void processed.push(...idsOf(events)));
  return { processed, consumer };
};

/** A consumer that has processed a first message, in a world in which time passes faster. */
const startProcessing = async (options: Parameters<typeof createHurriedWorld>[0] = {}) => {
  const { broker, runtime, faults } = createHurriedWorld(options);
  const harness = await startHarness({ broker, runtime });
  const { processed } = startCollecting(harness);
  await publish(harness, 'order-1');
  await eventually(() => expect(processed).toEqual(['order-1']));
  return { harness, faults, processed };
};

const readiness = async ({ service }: Harness): Promise<string> => {
  const { checks } = await service.context.health.readiness();
  return checks['consumer shipping'] ?? 'no check';
};

/** What readiness says until the consumer has joined its group a second time. */
const readinessUntilItJoinsAgain = async (harness: Harness): Promise<ReadonlySet<string>> => {
  const said = new Set<string>();
  await eventually(
    async () => {
      said.add(await readiness(harness));
      const joins = harness.service.logs.filter(({ msg }) => msg === 'consumer joined its group');
      expect(joins).toHaveLength(2);
    },
    { timeoutMs: 15_000 },
  );
  return said;
};

test('a consumer whose Kafka goes away and comes back recovers, and nothing is lost', async () => {
  const { harness, faults, processed } = await startProcessing();
  faults.brokerDown();
  await eventually(async () => expect(await readiness(harness)).toMatch(/^is not in its group/));
  faults.brokerUp();
  await publish(harness, 'order-2');
  await eventually(() => expect(processed).toContain('order-2'));
  expect(await readiness(harness)).toBe('ok');
  await harness.service.close();
});

test('a consumer that was paused before Kafka went away is still paused when it is back', async () => {
  const { broker, runtime, faults } = createHurriedWorld();
  let batches = 0;
  const counting = withEachBatch(broker, () => {
    batches += 1;
  });
  const harness = await startHarness({ broker: counting, runtime });
  const { processed, consumer } = startCollecting(harness);
  await eventually(async () => expect(await readiness(harness)).toBe('ok'));
  consumer.pause();
  faults.brokerDown();
  await eventually(async () => expect(await readiness(harness)).toMatch(/^is not in its group/));
  faults.brokerUp();
  await eventually(async () => expect(await readiness(harness)).toBe('ok'));
  await publish(harness, 'order-1');
  const { messages, stop } = await readTopics(broker, [TOPIC]);
  await eventually(() => expect(messages).toHaveLength(1));
  expect(processed).toEqual([]);
  // Nor is anything fetched that is then not processed, again and again.
  expect(batches).toBe(0);
  consumer.resume();
  await eventually(() => expect(processed).toEqual(['order-1']));
  await stop();
  await harness.service.close();
});

test('a consumer starts while Kafka is down, says that it is not ready, and is once Kafka is there', async () => {
  const { broker, runtime, faults } = createHurriedWorld();
  faults.brokerDown();
  const harness = await startHarness({ broker, runtime });
  startConsuming(harness, async () => undefined);
  expect(await readiness(harness)).toMatch(/^is not in its group/);
  await eventually(() =>
    expect(harness.service.logs).toContainEqual(
      expect.objectContaining({ msg: 'consumer could not be started, retrying' }),
    ),
  );
  await eventually(async () => expect(await readiness(harness)).toMatch(/^is not in its group: \S/));
  faults.brokerUp();
  await eventually(async () => expect(await readiness(harness)).toBe('ok'));
  await harness.service.close();
});

test('a handler may take longer than the session lasts: the consumer stays in its group and works once', async () => {
  const { broker, runtime } = createHurriedWorld();
  const harness = await startHarness({ broker, runtime });
  const gate = createGate();
  runtime.after(25_000, gate.open);
  let times = 0;
  startConsuming(harness, async () => {
    times += 1;
    await gate.opened;
  });
  await publish(harness, 'order-1');
  await gate.opened;
  await publish(harness, 'order-2');
  await eventually(() => expect(times).toBe(2));
  const joins = harness.service.logs.filter(({ msg }) => msg === 'consumer joined its group');
  expect(joins).toHaveLength(1);
  await harness.service.close();
});

test('a consumer whose handler hangs while there is more to do fails the readiness probe', async () => {
  const { broker, runtime } = createHurriedWorld();
  const harness = await startHarness({ broker, runtime });
  const gate = createGate();
  startConsuming(harness, () => gate.opened);
  await publish(harness, 'order-1');
  await eventually(async () =>
    expect(await readiness(harness)).toBe('makes no progress although there is lag'),
  );
  gate.open();
  await eventually(async () => expect(await readiness(harness)).toBe('ok'));
  await harness.service.close();
});

test('a consumer that falls silent fails the readiness probe, and is started anew', async () => {
  // kafkajs gives up on an answer that is late; silent it is where it waits for nothing that ends.
  const { harness, faults, processed } = await startProcessing({ enforceRequestTimeout: false });
  faults.delay('fetch', 60_000);
  const problems = new Set<string>();
  await eventually(async () => {
    problems.add(await readiness(harness));
    expect(harness.service.logs).toContainEqual(expect.objectContaining({ msg: 'consumer restarting' }));
  }, WAIT);
  expect(problems).toContain('has stopped fetching');
  await publish(harness, 'order-2');
  await eventually(() => expect(processed).toContain('order-2'));
  faults.clear();
  await harness.service.close();
});

type Faults = ReturnType<typeof createHurriedWorld>['faults'];

// Where a rejoin fails half-way, kafkajs continues fetching the partitions that it had, although another member may have them now.
test.each<[string, (faults: Faults) => void]>([
  [
    'was put out of its group and could not join again',
    (faults) => {
      faults.loseAnswer('join');
      faults.expireSession('shipping');
    },
  ],
  [
    'was evicted from its group, rejoined and did not learn its partitions',
    (faults) => {
      faults.loseAnswer('sync');
      faults.expireSession('shipping');
    },
  ],
  [
    'did not learn its partitions at a rebalance',
    (faults) => {
      faults.loseAnswer('sync');
      faults.rebalance('shipping');
    },
  ],
])('a consumer that continues to fetch but %s is started anew', async (_, strike) => {
  const { broker, runtime, faults } = createHurriedWorld();
  const harness = await startHarness({ broker, runtime });
  startConsuming(harness, async () => undefined);
  await eventually(async () => expect(await readiness(harness)).toBe('ok'));
  strike(faults);
  expect(await readinessUntilItJoinsAgain(harness)).toContain('has no heartbeat in its group');
  await harness.service.close();
});

test('what kafkajs could not commit is committed soon, although no further message comes', async () => {
  const { broker, runtime, faults } = createHurriedWorld();
  const harness = await startHarness({ broker, runtime });
  const { processed } = startCollecting(harness);
  await eventually(async () => expect(await readiness(harness)).toBe('ok'));
  faults.refuse('commit', 'GROUP_COORDINATOR_NOT_AVAILABLE');
  await publish(harness, 'order-1');
  await eventually(() => expect(processed).toContain('order-1'));
  await eventually(async () => expect(await lagOf(broker)).toBe(0), { timeoutMs: 10_000 });
  await harness.service.close();
});

test('a consumer none of whose commits is taken fails the readiness probe, and is started anew', async () => {
  const { broker, runtime } = createHurriedWorld();
  const restartsForCommits = () =>
    harness.service.logs.filter(({ msg }) => msg === 'consumer does not commit its offsets').length;
  const refusing = withCommits(broker, async () => {
    if (restartsForCommits() === 0) throw new Error('The coordinator is not aware of this member');
  });
  const harness = await startHarness({ broker: refusing, runtime });
  const taken: ReceivedEvent[] = [];
  const consumer = harness.consume({
    group: 'shipping',
    topics: [TOPIC],
    commitMode: 'manual',
    waiting: () => taken.length,
    handle: async (events) => void taken.push(...events),
    onAssigned: () => void taken.splice(0),
  });
  await publish(harness, 'order-1');
  await eventually(() => expect(taken).toHaveLength(1));
  await consumer.processBuffered(taken.splice(0), async () => undefined);
  expect(await readinessUntilItJoinsAgain(harness)).toContain('does not commit what it has processed');
  await eventually(() => expect(taken).toHaveLength(1));
  await consumer.processBuffered(taken.splice(0), async () => undefined);
  expect(await lagOf(broker)).toBe(0);
  // What the consumer before it had not committed is not held against the new one.
  expect(restartsForCommits()).toBe(1);
  await harness.service.close();
});

test('a consumer whose handler has forgotten a message gets it once more', async () => {
  const { broker, runtime } = createHurriedWorld();
  const harness = await startHarness({ broker, runtime });
  const taken: ReceivedEvent[] = [];
  let times = 0;
  const consumer = harness.consume({
    group: 'shipping',
    topics: [TOPIC],
    commitMode: 'manual',
    waiting: () => taken.length,
    handle: async (events) => {
      times += 1;
      if (times > 1) taken.push(...events);
    },
  });
  await publish(harness, 'order-1');
  await eventually(() => expect(taken).toHaveLength(1), { timeoutMs: 15_000 });
  await consumer.processBuffered(taken.splice(0), async () => undefined);
  expect(await lagOf(broker)).toBe(0);
  await harness.service.close();
});

test.each<[string, () => Broker]>([
  [
    'in memory',
    () => {
      const { broker, faults } = createFaultyBroker();
      faults.brokerDown();
      return broker;
    },
  ],
  ['of kafkajs', createAbsentBroker],
])('stopping while the Kafka %s is down takes a few seconds at most', async (_, createBroker) => {
  const harness = await startHarness({ broker: createBroker() });
  const consumer = startConsuming(harness, async () => undefined);
  await eventually(
    () =>
      expect(harness.service.logs).toContainEqual(
        expect.objectContaining({ msg: 'consumer could not be started, retrying' }),
      ),
    { timeoutMs: 25_000 },
  );
  const began = performance.now();
  await consumer.stop();
  await harness.service.close();
  expect(performance.now() - began).toBeLessThan(5_000);
});
