// Topics with cleanup.policy=compact: what is left, when, and for whom.
import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { inWorld, listen, eventually, withManualClock, type World } from './support.ts';

const TOPIC = 'compacted';

let groups = 0;
const nextGroup = (): string => {
  groups += 1;
  return `reader-${groups}`;
};

const createCompacted = async ({ kafka }: World, config: Record<string, string> = {}) => {
  const configEntries = Object.entries({ 'cleanup.policy': 'compact', ...config }).map(([name, value]) => ({
    name,
    value,
  }));
  await kafka.admin().createTopics({ topics: [{ topic: TOPIC, configEntries }] });
};

const put = (world: World, key: string, value: string | null) => world.send(TOPIC, { key, value });

/** What a new reader finds: offset, key and value. */
const found = async (world: World, until: string) => {
  const { received, consumer } = await listen(world, TOPIC, { config: { groupId: nextGroup() } });
  await eventually(() => expect(received.at(-1)?.value).toBe(until));
  await consumer.disconnect();
  return received.map(({ message, value }) => `${message.offset} ${String(message.key)}=${value}`);
};

describe('compaction', () => {
  it(
    'leaves the last message of each key at its offset, and never touches the last batch',
    inWorld(async (world) => {
      await createCompacted(world);
      for (const value of ['1', '2', '3']) await put(world, 'a', value);
      await put(world, 'b', '4');
      await world.send(TOPIC, { key: 'a', value: '5' }, { key: 'a', value: 'end' });
      world.cluster.compact(TOPIC);
      expect(await found(world, 'end')).toEqual(['2 a=3', '3 b=4', '4 a=5', '5 a=end']);
      await put(world, 'c', 'more');
      world.cluster.compact();
      expect(await found(world, 'more')).toEqual(['3 b=4', '5 a=end', '6 c=more']);
      expect(world.cluster.inspect().topics[0]?.partitions[0]).toMatchObject({ low: 0, high: 7 });
    }),
  );

  it(
    'keeps headers and times, and lets a reader behind a gap go on',
    inWorld(async (world) => {
      await createCompacted(world);
      await world.send(
        TOPIC,
        { key: 'a', value: '1' },
        { key: 'b', value: '2', timestamp: '1000', headers: { h: ['x', 'y'] } },
        { key: 'a', value: '3' },
        { key: 'c', value: '4' },
      );
      await put(world, 'c', '5');
      await put(world, 'd', 'end');
      world.cluster.compact(TOPIC);
      const { received, consumer } = await listen(world, TOPIC);
      await eventually(() => expect(received.map(({ value }) => value)).toEqual(['2', '3', '5', 'end']));
      expect(received[0]?.message).toMatchObject({
        offset: '1',
        timestamp: '1000',
        headers: { h: [Buffer.from('x'), Buffer.from('y')] },
      });
      consumer.seek({ topic: TOPIC, partition: 0, offset: '3' });
      await eventually(() => expect(received.slice(4).map(({ value }) => value)).toEqual(['5', 'end']));
    }),
  );

  it('drops a tombstone when delete.retention.ms are over since it was first met', async () => {
    const { clock, options } = withManualClock();
    const inTime = inWorld(
      async (world) => {
        await createCompacted(world, { 'delete.retention.ms': '1000' });
        const timestamp = String(clock.wallClock());
        const send = (key: string, value: string | null) => world.send(TOPIC, { key, value, timestamp });
        await send('a', '1');
        await send('a', null);
        await send('b', 'end');
        const high = () => world.cluster.inspect().topics[0]?.partitions[0]?.high;
        world.cluster.compact(TOPIC);
        const offsets = async () => {
          const { received, consumer } = await listen(world, TOPIC, { config: { groupId: nextGroup() } });
          await clock.settle();
          await consumer.disconnect();
          return received.map(({ message }) => message.offset);
        };
        expect(await offsets()).toEqual(['1', '2']);
        await clock.advance(1001);
        world.cluster.compact(TOPIC);
        expect(await offsets()).toEqual(['2']);
        expect(high()).toBe(3);
      },
      () => options,
    );
    await inTime();
  });

  it(
    'leaves alone what lies behind an open transaction, and drops what was aborted',
    inWorld(async (world) => {
      await createCompacted(world);
      const producer = world.kafka.producer({
        transactionalId: 't',
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await producer.connect();
      const aborted = await producer.transaction();
      await aborted.send({ topic: TOPIC, messages: [{ key: 'a', value: 'aborted' }] });
      await aborted.abort();
      await put(world, 'a', '1');
      const open = await producer.transaction();
      await open.send({ topic: TOPIC, messages: [{ key: 'b', value: '2' }] });
      await put(world, 'a', '3');
      await put(world, 'a', 'end');
      world.cluster.compact(TOPIC);
      await open.commit();
      expect(await found(world, 'end')).toEqual(['2 a=1', '3 b=2', '4 a=3', '5 a=end']);
      world.cluster.compact(TOPIC);
      expect(await found(world, 'end')).toEqual(['3 b=2', '5 a=end']);
      await producer.disconnect();
    }),
  );

  it(
    'happens by itself when a segment is older than segment.ms and enough of it is new',
    inWorld(async (world) => {
      await createCompacted(world, { 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.1' });
      const start = Date.now() - 10_000;
      const at = (ms: number, value: string) =>
        world.send(TOPIC, { key: 'k', value, timestamp: String(start + ms) });
      await at(0, '1');
      await at(50, '2');
      await at(60, '3');
      expect(await found(world, '3')).toHaveLength(3);
      await at(500, 'end');
      expect(await found(world, 'end')).toEqual(['2 k=3', '3 k=end']);
    }),
  );

  it(
    'is seen over TCP, too',
    inWorld(async (world) => {
      await createCompacted(world);
      await world.send(
        TOPIC,
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
        { key: 'a', value: '3' },
        { key: 'b', value: '4' },
      );
      await put(world, 'a', '5');
      await put(world, 'z', 'end');
      world.cluster.compact(TOPIC);
      const listener = await world.cluster.listen();
      const remote = new kafkajs.Kafka({ brokers: listener.brokers, logLevel: kafkajs.logLevel.NOTHING });
      const consumer = remote.consumer({ groupId: 'remote', maxWaitTimeInMs: 50 });
      await consumer.connect();
      await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
      const values: string[] = [];
      await consumer.run({
        eachMessage: async ({ message }) => void values.push(`${message.offset}=${String(message.value)}`),
      });
      await eventually(() => expect(values).toEqual(['3=4', '4=5', '5=end']));
      await consumer.disconnect();
      await listener.close();
    }),
  );
});
