import { expect, test } from '@jest/globals';
import type { Broker } from '@order-pipeline/service-kit';
import { createTestBroker, eventually, inTurn, times } from '@order-pipeline/testing';
import { SESSION_TIMEOUT_MS } from '../../src/consumer/heartbeat.ts';
import { consumeWith, fresh, publish, startHarness, withClients, type Harness } from '../support.ts';

const MEMBERS = 20;
const REPLACED = 3;
/** So many messages are published every so often while consumers are replaced. */
const MESSAGES = 12;
const PACE_MS = 100;
/** A group of many members takes its time on a real Kafka. */
const WAIT = { timeoutMs: 60_000 };

/** The generations of a group, as the heartbeats of its members have them. */
const watchGenerations = (broker: Broker) => {
  const latest = new Map<object, number>();
  return {
    latest: (): number => Math.max(0, ...latest.values()),
    /** Waits until so many members have the latest one, and no others are there. */
    settled: (members: number) =>
      eventually(() => {
        expect(latest.size).toBe(members);
        expect(new Set(latest.values()).size).toBe(1);
      }, WAIT),
    broker: withClients(broker, {
      consumer: (consumer) => {
        const { HEARTBEAT, STOP } = consumer.events;
        consumer.on(HEARTBEAT, ({ payload }) => void latest.set(consumer, payload.groupGenerationId));
        consumer.on(STOP, () => void latest.delete(consumer));
        return {};
      },
    }),
  };
};

/** Publishes at an even pace, and records how often and how late each message is processed. */
const createTraffic = () => {
  const prefix = fresh('order');
  const publishedAt = new Map<string, number>();
  const processed = new Set<string>();
  let longestMs = 0;
  let again = 0;
  const publishSome = async (producer: Harness): Promise<void> => {
    const ids = times(MESSAGES, (index) => `${prefix}-${publishedAt.size + index}`);
    for (const id of ids) publishedAt.set(id, performance.now());
    await publish(producer, ...ids);
  };
  return {
    processed: (id: string): void => {
      const at = publishedAt.get(id);
      if (at === undefined) return;
      if (processed.has(id)) again += 1;
      else longestMs = Math.max(longestMs, performance.now() - at);
      processed.add(id);
    },
    /** Publishes while `work` is done, and waits until all of it is processed. */
    during: async (producer: Harness, work: () => Promise<void>): Promise<void> => {
      let isOver = false;
      const publishing = async (): Promise<void> => {
        while (!isOver) {
          await publishSome(producer);
          await new Promise((resolve) => setTimeout(resolve, PACE_MS));
        }
      };
      const working = work().finally(() => {
        isOver = true;
      });
      await Promise.all([working, publishing()]);
      await eventually(() => expect(processed.size).toBe(publishedAt.size), WAIT);
    },
    /** How many were processed once more, and the longest that one waited to be processed, in milliseconds. */
    seen: () => ({ again, longestMs }),
  };
};

const joined = ({ service }: Harness) =>
  eventually(() => {
    expect(service.logs.map(({ msg }) => msg)).toContain('consumer joined its group');
  }, WAIT);

test('replacing consumers of twenty one by one costs few rebalances, nothing is processed again and nobody is waited for', async () => {
  const generations = watchGenerations(createTestBroker());
  const { broker } = generations;
  const group = fresh('group');
  const traffic = createTraffic();
  const members: Harness[] = [];
  const startMember = async (): Promise<Harness> => {
    const member = await startHarness({ broker });
    members.push(member);
    consumeWith(member, group, async (events) => {
      for (const { event } of events) traffic.processed(event.orderId);
    });
    return member;
  };
  const producer = await startHarness({ broker });
  try {
    await Promise.all(times(MEMBERS, startMember));
    await generations.settled(MEMBERS);
    const before = generations.latest();
    await traffic.during(producer, async () => {
      for (let replaced = 0; replaced < REPLACED; replaced += 1) {
        await joined(await startMember());
        await members.shift()?.service.close();
      }
      await generations.settled(MEMBERS);
    });
    const rebalances = generations.latest() - before;
    const { again, longestMs } = traffic.seen();
    expect(rebalances).toBeGreaterThanOrEqual(REPLACED);
    expect(rebalances).toBeLessThanOrEqual(2 * REPLACED);
    expect(again).toBeLessThanOrEqual(MESSAGES);
    // Of one that is gone without leaving its partitions are waited for so long.
    expect(longestMs).toBeLessThan(SESSION_TIMEOUT_MS);
  } finally {
    await inTurn(
      ...[...members, producer].map(
        ({ service }) =>
          () =>
            service.close(),
      ),
    );
  }
}, 180_000);
