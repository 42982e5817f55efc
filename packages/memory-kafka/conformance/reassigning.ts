import { expect } from '@jest/globals';
import type { PartitionReassignment } from 'kafkajs';
import type { Area } from './behaviour.ts';
import { unchecked } from './unchecked.ts';
import { eventually, rejection } from './waiting.ts';
import type { World } from './world.ts';

/** Moves partitions of one topic to brokers, by their numbers; the suite's sides have broker 1 alone. */
const reassign = ({ admin }: World, topic: string, replicas: Readonly<Record<number, number[]>>) =>
  admin.alterPartitionReassignments({
    topics: [
      {
        topic,
        partitionAssignment: Object.entries(replicas).map(([partition, brokers]) => ({
          partition: Number(partition),
          replicas: brokers,
        })),
      },
    ],
  });

const refusal = (type: string, topic: string, partition: number) => ({
  name: 'KafkaJSAlterPartitionReassignmentsError',
  type,
  topic,
  partition,
});

export const reassigning: Area = (behaviour) => {
  behaviour('a partition can be moved to where it lies, and then none is on its way', async (world) => {
    const topic = await world.createTopic({ partitions: 2 });
    expect(await reassign(world, topic, { 0: [1], 1: [1] })).toBeUndefined();
    expect(await world.admin.alterPartitionReassignments({ topics: [] })).toBeUndefined();
    const ongoing = async (topics?: { topic: string; partitions: number[] }[]) =>
      world.admin.listPartitionReassignments(topics === undefined ? {} : { topics });
    await eventually(async () => expect(await ongoing()).toEqual({ topics: [] }));
    expect(await ongoing([{ topic, partitions: [0, 9] }])).toEqual({ topics: [] });
    expect(await ongoing([{ topic: world.unique('unknown'), partitions: [0] }])).toEqual({ topics: [] });
    expect(await world.producer.send({ topic, messages: [{ value: 'x', partition: 1 }] })).toMatchObject([
      { partition: 1, baseOffset: '0' },
    ]);
  });

  behaviour('brokers that there are not, none, and one twice are refused', async (world) => {
    const topic = await world.createTopic();
    for (const replicas of [[7], [1, 7], [], [1, 1]]) {
      const error = await rejection(reassign(world, topic, { 0: replicas }));
      expect(error).toMatchObject({
        name: 'KafkaJSAggregateError',
        message: 'Errors altering partition reassignments',
        errors: [
          {
            ...refusal('INVALID_REPLICA_ASSIGNMENT', topic, 0),
            message: 'Replica assignment is invalid',
            code: 39,
            retriable: false,
          },
        ],
      });
    }
  });

  behaviour('each partition that cannot be moved has an error, and the others move', async (world) => {
    const [topic, unknown] = [await world.createTopic({ partitions: 2 }), world.unique('unknown')];
    const topics: PartitionReassignment[] = [
      {
        topic,
        partitionAssignment: [
          { partition: 0, replicas: [1] },
          { partition: 1, replicas: [7] },
          { partition: 5, replicas: [7] },
        ],
      },
      { topic: unknown, partitionAssignment: [{ partition: 0, replicas: [1] }] },
      { topic: 'not legal', partitionAssignment: [{ partition: 3, replicas: [1] }] },
    ];
    expect(await rejection(world.admin.alterPartitionReassignments({ topics }))).toMatchObject({
      errors: [
        refusal('INVALID_REPLICA_ASSIGNMENT', topic, 1),
        refusal('UNKNOWN_TOPIC_OR_PARTITION', topic, 5),
        refusal('UNKNOWN_TOPIC_OR_PARTITION', unknown, 0),
        refusal('UNKNOWN_TOPIC_OR_PARTITION', 'not legal', 3),
      ],
    });
  });

  behaviour('moving partitions checks its arguments', async ({ admin }) => {
    const invalid = [
      [undefined, 'Invalid topics array undefined'],
      [[{ topic: 1 }], 'Invalid topics array, the topic names have to be a valid string'],
      [
        [{ topic: 't' }, { topic: 't' }],
        'Invalid topics array, it cannot have multiple entries for the same topic',
      ],
      [[{ topic: 't' }], 'Invalid partitions array: undefined for topic: t'],
      [
        [{ topic: 't', partitionAssignment: [{ partition: -1 }] }],
        'Invalid partitions index: -1 for topic: t',
      ],
      [
        [{ topic: 't', partitionAssignment: [{ partition: 0, replicas: 1 }] }],
        'Invalid replica assignment: 1 for topic: t on partition: 0',
      ],
      [
        [{ topic: 't', partitionAssignment: [{ partition: 0, replicas: [1, -1] }] }],
        'Invalid replica assignment: 1,-1 for topic: t on partition: 0. Replicas must be a non negative number',
      ],
    ] as const;
    for (const [topics, message] of invalid) {
      const refused = admin.alterPartitionReassignments({ topics: unchecked(topics) });
      expect(await rejection(refused)).toMatchObject({ name: 'KafkaJSNonRetriableError', message });
    }
  });

  behaviour('asking for what is on its way checks its arguments', async ({ admin }) => {
    const invalid = [
      [{}, 'Invalid topics array [object Object]'],
      [[{ topic: 1 }], 'Invalid topics array, the topic names have to be a valid string'],
      [
        [{ topic: 't' }, { topic: 't' }],
        'Invalid topics array, it cannot have multiple entries for the same topic',
      ],
      [[{ topic: 't' }], 'Invalid partition array: undefined for topic: t'],
      [
        [{ topic: 't', partitions: [-1] }],
        'Invalid partition array: -1 for topic: t. The partition indices have to be a valid number greater than 0.',
      ],
    ] as const;
    for (const [topics, message] of invalid) {
      const refused = admin.listPartitionReassignments({ topics: unchecked(topics) });
      expect(await rejection(refused)).toMatchObject({ name: 'KafkaJSNonRetriableError', message });
    }
  });
};
