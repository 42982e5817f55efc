import { expect } from '@jest/globals';
import type { Message, PartitionMetadata, ProducerConfig } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { highsOf } from './reading.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

/** Where `& 0x7fffffff` puts the hash of each key. */
const HASHES: Readonly<Record<string, number>> = {
  'order-1': 1221710326,
  'order-42': 501153024,
  abc: 479470107,
  '': 275646681,
  ключ: 2122343024,
  '0': 971027396,
};

const partitionsUsed = async (world: World, topic: string, ...messages: Message[]): Promise<number[]> => {
  const written = await world.producer.send({ topic, messages });
  return written.map(({ partition }) => partition).toSorted((a, b) => a - b);
};

/** The partition that one message went to. */
const partitionOf = async (world: World, topic: string, message: Message): Promise<number | undefined> =>
  (await partitionsUsed(world, topic, message))[0];

const metadataOf = (...leaders: number[]): PartitionMetadata[] =>
  leaders.map((leader, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader,
    replicas: [1],
    isr: [1],
  }));

type Chooses = NonNullable<ProducerConfig['createPartitioner']>;

/** What a producer writes whose partitioner always chooses the same. */
const sendChoosing = async (world: World, chosen: unknown) => {
  const topic = await world.createTopic({ partitions: 3 });
  const createPartitioner: Chooses = () => () => unchecked(chosen);
  const producer = await world.connectProducer({ createPartitioner });
  const sent = producer.send({ topic, messages: [{ value: 'x' }] });
  return { topic, sent };
};

const choosing: Area = (behaviour) => {
  behaviour('a key goes to the partition that its murmur2 hash says, over all partitions', async (world) => {
    const topic = await world.createTopic({ partitions: 7 });
    for (const [key, hash] of Object.entries(HASHES)) {
      expect([key, await partitionOf(world, topic, { key, value: 'x' })]).toEqual([key, hash % 7]);
    }
  });

  behaviour('a key of bytes is hashed as bytes, a text as its UTF-8', async (world) => {
    const topic = await world.createTopic({ partitions: 7 });
    const key = Buffer.from('ключ');
    expect(await partitionOf(world, topic, { key, value: 'x' })).toBe(2122343024 % 7);
    const broken = Buffer.from([0xff, 0x00, 0x80, 0x7f, 0xfe]);
    const asText = String(broken);
    const theirs = world.kafkajs.Partitioners.DefaultPartitioner();
    const expected = (message: Message) =>
      theirs({ topic, partitionMetadata: metadataOf(1, 1, 1, 1, 1, 1, 1), message });
    for (const each of [broken, asText]) {
      const message = { key: each, value: 'x' };
      expect(await partitionOf(world, topic, message)).toBe(expected(message));
    }
  });

  behaviour('messages of one key go to one partition, whatever else is sent with them', async (world) => {
    const topic = await world.createTopic({ partitions: 6 });
    const keyed = Array.from({ length: 20 }, (_, i) => ({ key: 'order-1', value: String(i) }));
    expect(await partitionsUsed(world, topic, ...keyed)).toEqual([1221710326 % 6]);
    const mixed = keyed.flatMap((message) => [message, { value: 'without' }]);
    await partitionsUsed(world, topic, ...mixed);
    const highs = await highsOf(world, topic);
    expect(highs[1221710326 % 6]).toBeGreaterThanOrEqual(40);
    expect(highs.reduce((sum, high) => sum + high)).toBe(60);
  });

  behaviour('messages without a key take turns over all partitions, one by one', async (world) => {
    const topic = await world.createTopic({ partitions: 4 });
    for (let i = 0; i < 8; i += 1) await world.send(topic, { key: null, value: 'x' });
    expect(await highsOf(world, topic)).toEqual([2, 2, 2, 2]);
  });

  behaviour('they take turns within one send as well: nothing sticks to a partition', async (world) => {
    const topic = await world.createTopic({ partitions: 3 });
    await world.send(topic, ...Array.from({ length: 9 }, () => ({ value: 'x' })));
    expect(await highsOf(world, topic)).toEqual([3, 3, 3]);
  });

  behaviour('turns are counted by topic; keys and explicit partitions do not take one', async (world) => {
    const [topic, other] = [
      await world.createTopic({ partitions: 3 }),
      await world.createTopic({ partitions: 2 }),
    ];
    const turns: (number | undefined)[] = [];
    for (let i = 0; i < 3; i += 1) {
      turns.push(await partitionOf(world, topic, { value: 'x' }));
      await world.send(other, 'x');
      await world.send(topic, { key: 'k', value: 'x' }, { value: 'x', partition: 1 });
    }
    expect(new Set(turns)).toEqual(new Set([0, 1, 2]));
  });

  behaviour('the empty text is a key, and so are no bytes', async (world) => {
    const topic = await world.createTopic({ partitions: 5 });
    for (const key of ['', '', Buffer.alloc(0)]) {
      expect(await partitionOf(world, topic, { key, value: 'x' })).toBe(275646681 % 5);
    }
  });

  behaviour(
    'an explicit partition wins over the key, 0 included; null leaves it to the key',
    async (world) => {
      const topic = await world.createTopic({ partitions: 3 });
      for (const partition of [0, 1, 2]) {
        expect(await partitionOf(world, topic, { key: 'order-1', value: 'x', partition })).toBe(partition);
      }
      const partition = unchecked(null);
      expect(await partitionOf(world, topic, { key: 'order-1', value: 'x', partition })).toBe(1221710326 % 3);
    },
  );

  behaviour('a message for a partition that does not exist is dropped, and send resolves', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    for (const partition of [9, -1, Number.NaN]) {
      expect(await partitionsUsed(world, topic, { value: 'lost', partition })).toEqual([]);
    }
    expect(
      await partitionsUsed(world, topic, { value: 'lost', partition: 2 }, { value: 'kept', partition: 1 }),
    ).toEqual([1]);
    expect(await highsOf(world, topic)).toEqual([0, 1]);
  });

  behaviour('a partition may be given as text; one that is no whole number is a TypeError', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    expect(await partitionOf(world, topic, { value: 'x', partition: unchecked('1') })).toBe(1);
    for (const partition of [0.5, unchecked('1st')]) {
      const sent = world.producer.send({ topic, messages: [{ value: 'x', partition }] });
      expect((await rejection(sent)).name).toBe('TypeError');
    }
    expect(await highsOf(world, topic)).toEqual([0, 1]);
  });
};

const partitioners: Area = (behaviour) => {
  behaviour('without a leader a partition gets no turn, but its keys still go there', async ({ kafkajs }) => {
    const choose = kafkajs.Partitioners.DefaultPartitioner();
    const partitionMetadata = metadataOf(1, -1, 1);
    const chosen = [0, 1, 2, 3].map(() => choose({ topic: 't', partitionMetadata, message: { value: 'x' } }));
    expect(chosen.toSorted((a, b) => a - b)).toEqual([0, 0, 2, 2]);
    // 2122343024 % 3 = 2, 479470107 % 3 = 0, 1221710326 % 3 = 1
    expect(choose({ topic: 't', partitionMetadata, message: { key: 'order-1', value: 'x' } })).toBe(1);
  });

  behaviour('the legacy partitioner is another function, the Java one the same', async (world) => {
    const { LegacyPartitioner, DefaultPartitioner, JavaCompatiblePartitioner } = world.kafkajs.Partitioners;
    expect(JavaCompatiblePartitioner).toBe(DefaultPartitioner);
    const partitionMetadata = metadataOf(...Array.from({ length: 100 }, () => 1));
    const keys = Object.keys(HASHES);
    const choicesOf = (create: typeof LegacyPartitioner) =>
      keys.map((key) => create()({ topic: 't', partitionMetadata, message: { key, value: 'x' } }));
    expect(choicesOf(DefaultPartitioner)).toEqual(Object.values(HASHES).map((hash) => hash % 100));
    expect(choicesOf(LegacyPartitioner)).not.toEqual(choicesOf(DefaultPartitioner));
    const topic = await world.createTopic({ partitions: 100 });
    const producer = await world.connectProducer({ createPartitioner: LegacyPartitioner });
    const [written] = await producer.send({ topic, messages: [{ key: keys[0] ?? '', value: 'x' }] });
    expect(written?.partition).toBe(choicesOf(LegacyPartitioner)[0]);
  });

  behaviour(
    'a partitioner of the own is made once a producer, and sees the message that was handed in',
    async (world) => {
      const topic = await world.createTopic({ partitions: 3 });
      let made = 0;
      const seen: unknown[] = [];
      const createPartitioner: Chooses = () => {
        made += 1;
        return ({ topic: asked, message, partitionMetadata }) => {
          seen.push(asked, message);
          return partitionMetadata.length - 1;
        };
      };
      const message = { key: 'k', value: 'v', headers: { h: '1' } };
      const producer = await world.connectProducer({ createPartitioner });
      const [first] = await producer.send({ topic, messages: [message] });
      await producer.send({ topic, messages: [message] });
      expect([made, first?.partition]).toEqual([1, 2]);
      expect(seen).toEqual([topic, message, topic, message]);
      expect(seen[1]).toBe(message);
    },
  );

  behaviour('it gets all partitions, with leaders and replicas', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    let given: PartitionMetadata[] = [];
    const createPartitioner: Chooses = () => (args) => {
      given = args.partitionMetadata;
      return 0;
    };
    const producer = await world.connectProducer({ createPartitioner });
    await producer.send({ topic, messages: [{ value: 'x' }] });
    // Kafka does not list partitions in their order.
    const nodeId = given[0]?.leader;
    expect(typeof nodeId).toBe('number');
    expect(given.toSorted((a, b) => a.partitionId - b.partitionId)).toEqual(
      [0, 1].map((partitionId) => ({
        partitionErrorCode: 0,
        partitionId,
        leader: nodeId,
        replicas: [nodeId],
        isr: [nodeId],
        offlineReplicas: [],
      })),
    );
  });

  behaviour('when it throws, send rejects with just that, and nothing is tried again', async (world) => {
    const topic = await world.createTopic();
    let calls = 0;
    const error = new Error('cannot choose');
    const createPartitioner: Chooses = () => () => {
      calls += 1;
      throw error;
    };
    const producer = await world.connectProducer({ createPartitioner });
    expect(await rejection(producer.send({ topic, messages: [{ value: 'x' }] }))).toBe(error);
    expect([calls, await highsOf(world, topic)]).toEqual([1, [0]]);
  });

  behaviour('what it forgets to choose is dropped without a word', async (world) => {
    for (const chosen of [undefined, null, Number.NaN, -1, 3]) {
      const { topic, sent } = await sendChoosing(world, chosen);
      expect([await sent, await highsOf(world, topic)]).toEqual([[], [0, 0, 0]]);
    }
  });

  behaviour('a fraction, as from a random number without floor, is a TypeError', async (world) => {
    const { topic, sent } = await sendChoosing(world, 1.2);
    expect((await rejection(sent)).name).toBe('TypeError');
    expect(await highsOf(world, topic)).toEqual([0, 0, 0]);
  });

  behaviour(
    'partitions added later are used once the metadata is older than metadataMaxAge',
    async (world) => {
      const topic = await world.createTopic();
      const young = await world.connectProducer({ metadataMaxAge: -1 });
      const old = await world.connectProducer();
      const partitionsUsedBy = async (producer: typeof young) =>
        (await producer.send({ topic, messages: Array.from({ length: 8 }, () => ({ value: 'x' })) })).length;
      expect([await partitionsUsedBy(young), await partitionsUsedBy(old)]).toEqual([1, 1]);
      await world.admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
      await eventually(async () => expect(await partitionsUsedBy(young)).toBe(4));
      expect(await partitionsUsedBy(old)).toBe(1);
    },
  );
};

export const partitioning: Area = (behaviour) => {
  choosing(behaviour);
  partitioners(behaviour);
};
