import { expect } from '@jest/globals';
import type { ConsumerConfig } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { recordEvents } from './event-record.ts';
import { assignedTo, describedGroup, joinGroup, SHORT_SESSION, LONG_SESSION } from './members.ts';
import { createDoor, eventually, thrown } from './waiting.ts';

/** Work that takes its time: heartbeats are measured against it. */
const takeTime = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const heartbeats: Area = (behaviour) => {
  behaviour('with heartbeat() a long handler keeps its place', async (world) => {
    const topic = await world.filledTopic('long');
    const consumer = await world.subscribed(topic, SHORT_SESSION);
    const recorded = recordEvents(consumer, ['GROUP_JOIN']);
    let handled = 0;
    await consumer.run({
      eachMessage: async ({ heartbeat }) => {
        const until = Date.now() + 1500;
        while (Date.now() < until) {
          await takeTime(20);
          await heartbeat();
        }
        handled += 1;
      },
    });
    await eventually(async () => expect(await world.committed(topic)).toBe('1'));
    expect([handled, recorded.keys().length]).toEqual([1, 1]);
  });

  behaviour('heartbeat() asks the group at most once in heartbeatInterval', async (world) => {
    const topic = await world.filledTopic('a');
    const consumer = await world.subscribed(topic, { heartbeatInterval: 200 });
    const recorded = recordEvents(consumer, ['HEARTBEAT']);
    const spans: { tookMs: number; beats: number }[] = [];
    await consumer.run({
      eachMessage: async ({ heartbeat }) => {
        const start = Date.now();
        const before = recorded.events.length;
        for (let i = 0; i < 50; i += 1) {
          await takeTime(10);
          await heartbeat();
        }
        spans.push({ tookMs: Date.now() - start, beats: recorded.events.length - before });
      },
    });
    await eventually(() => expect(spans).toHaveLength(1));
    const [{ tookMs, beats } = { tookMs: 0, beats: 0 }] = spans;
    expect(beats).toBeGreaterThanOrEqual(2);
    expect(beats).toBeLessThanOrEqual(tookMs / 200 + 1);
  });

  behaviour('calls of heartbeat() at the same time share one request', async (world) => {
    const topic = await world.createTopic({ partitions: 3 });
    await world.send(topic, ...[0, 1, 2].map((partition) => ({ value: 'x', partition })));
    const consumer = await world.subscribed(topic, { heartbeatInterval: 100 });
    const recorded = recordEvents(consumer, ['HEARTBEAT']);
    const counts: number[] = [];
    await consumer.run({
      eachMessage: async ({ heartbeat }) => {
        if (counts.length > 0) return;
        await takeTime(150);
        const before = recorded.events.length;
        await Promise.all([heartbeat(), heartbeat(), heartbeat()]);
        counts.push(recorded.events.length - before);
      },
    });
    await eventually(() => expect(counts).toEqual([1]));
  });

  behaviour('an idle member stays in the group', async (world) => {
    const topic = await world.createTopic();
    const { consumer, joins, values } = await joinGroup(world, topic, { config: SHORT_SESSION });
    const recorded = recordEvents(consumer, ['HEARTBEAT']);
    const start = Date.now();
    await eventually(() => {
      expect(Date.now() - start).toBeGreaterThan(1300);
      expect(recorded.events.length).toBeGreaterThan(5);
    });
    await world.send(topic, 'still here');
    await eventually(() => expect(values()).toEqual(['still here']));
    expect(joins).toHaveLength(1);
  });

  behaviour('a member that has paused everything stays in the group', async (world) => {
    const topic = await world.createTopic();
    const { consumer, joins } = await joinGroup(world, topic, { config: SHORT_SESSION });
    consumer.pause([{ topic }]);
    const start = Date.now();
    const recorded = recordEvents(consumer, ['HEARTBEAT']);
    await eventually(() => expect(Date.now() - start).toBeGreaterThan(1300));
    expect(recorded.events.length).toBeGreaterThan(5);
    expect([joins.length, (await describedGroup(world))?.members.length]).toEqual([1, 1]);
  });

  behaviour(
    'who heartbeats but does not come back to a rebalance in time is left out of it',
    async (world) => {
      const topic = await world.filledTopic('a');
      const door = createDoor();
      const consumer = await world.subscribed(topic, { ...LONG_SESSION, rebalanceTimeout: 700 });
      const beats: string[] = [];
      let isHolding = true;
      await consumer.run({
        eachMessage: async ({ heartbeat }) => {
          door.open();
          while (isHolding) {
            await takeTime(20);
            await heartbeat().catch((error: Error) => void beats.push(error.message));
          }
        },
      });
      await door.opened;
      const start = Date.now();
      const other = await joinGroup(world, topic, { config: { ...LONG_SESSION, rebalanceTimeout: 700 } });
      expect(Date.now() - start).toBeGreaterThan(600);
      expect(beats[0]).toBe('The group is rebalancing, so a rejoin is needed');
      await eventually(() => expect(assignedTo(other, topic)).toEqual([0]));
      isHolding = false;
    },
  );

  behaviour(
    'heartbeatInterval has to be shorter than sessionTimeout, and a group needs a name',
    async (world) => {
      const refusal = (config: ConsumerConfig) => thrown(() => world.kafka.consumer(config));
      expect(refusal({ groupId: 'g', sessionTimeout: 3000 })).toMatchObject({
        name: 'KafkaJSNonRetriableError',
        retriable: false,
        message:
          'Consumer heartbeatInterval (3000) must be lower than sessionTimeout (3000). It is recommended to set heartbeatInterval to approximately a third of the sessionTimeout.',
      });
      const nameless = 'Consumer groupId must be a non-empty string.';
      expect(refusal({ groupId: '', sessionTimeout: 1 })).toMatchObject({
        retriable: false,
        message: nameless,
      });
      world.kafka.consumer({ groupId: 'g', sessionTimeout: 3001 });
    },
  );
};
