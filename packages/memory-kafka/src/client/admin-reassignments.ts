import kafkajs from 'kafkajs';
import type { Admin, PartitionReassignment } from 'kafkajs';
import type { Core } from '../broker/core.ts';
import { nonRetriable, reassignmentError, typeOf } from '../errors.ts';
import { PROTOCOL_ERROR_TYPES } from '../protocol-errors.ts';
import { atController, type AdminParts } from './admin-parts.ts';
import { shown } from './typing-gaps.ts';

type ReassignmentCalls = Pick<Admin, 'alterPartitionReassignments' | 'listPartitionReassignments'>;

const isCount = (value: unknown): boolean => typeof value === 'number' && !(value < 0);

const checkTopics = (topics: readonly { readonly topic: unknown }[]): void => {
  if (!Array.isArray(topics)) throw nonRetriable(`Invalid topics array ${shown(topics)}`);
  const names = topics.map(({ topic }) => topic);
  if (names.some((name) => typeof name !== 'string')) {
    throw nonRetriable('Invalid topics array, the topic names have to be a valid string');
  }
  if (new Set(names).size < names.length) {
    throw nonRetriable('Invalid topics array, it cannot have multiple entries for the same topic');
  }
};

const checkAssignment = ({ topic, partitionAssignment }: PartitionReassignment): void => {
  if (!Array.isArray(partitionAssignment)) {
    throw nonRetriable(`Invalid partitions array: ${shown(partitionAssignment)} for topic: ${topic}`);
  }
  for (const { partition, replicas } of partitionAssignment) {
    if (!isCount(partition)) {
      throw nonRetriable(`Invalid partitions index: ${shown(partition)} for topic: ${topic}`);
    }
    const invalid = `Invalid replica assignment: ${shown(replicas)} for topic: ${topic} on partition: ${partition}`;
    if (!Array.isArray(replicas)) throw nonRetriable(invalid);
    if (!replicas.every(isCount)) {
      throw nonRetriable(`${invalid}. Replicas must be a non negative number`);
    }
  }
};

const checkPartitions = (topic: string, partitions: readonly number[]): void => {
  const invalid = `Invalid partition array: ${shown(partitions)} for topic: ${topic}`;
  if (!Array.isArray(partitions)) throw nonRetriable(invalid);
  if (partitions.every(isCount)) return;
  throw nonRetriable(`${invalid}. The partition indices have to be a valid number greater than 0.`);
};

const refusalsOf = (core: Core, topics: readonly PartitionReassignment[]) =>
  topics.flatMap(({ topic, partitionAssignment }) =>
    partitionAssignment.flatMap(({ partition, replicas }) => {
      const type = core.reassign(topic, partition, replicas);
      return type === undefined ? [] : [reassignmentError(type, topic, partition)];
    }),
  );

/** kafkajs has a class of its own for this, also where the broker refuses the request as a whole. */
const asReassignmentError = (error: unknown): unknown => {
  const type = PROTOCOL_ERROR_TYPES.find((each) => each === typeOf(error));
  return type === undefined ? error : reassignmentError(type);
};

const FAILED = 'Could not reassign partitions';

/** The admin calls that move partitions to other brokers. */
export const createReassignmentCalls = (parts: AdminParts): ReassignmentCalls => ({
  alterPartitionReassignments: async ({ topics }) => {
    checkTopics(topics);
    for (const each of topics) checkAssignment(each);
    const places = () => topics.map(({ topic }) => ({ topic }));
    const refusals = await atController(parts, FAILED, async () => {
      try {
        return await parts.view.request({ name: 'AlterPartitionReassignments', places }, (core) =>
          refusalsOf(core, topics),
        );
      } catch (error) {
        throw asReassignmentError(error);
      }
    });
    if (refusals.length > 0) {
      throw new kafkajs.KafkaJSAggregateError('Errors altering partition reassignments', refusals);
    }
  },

  listPartitionReassignments: async ({ topics }) => {
    if (topics) {
      checkTopics(topics);
      for (const { topic, partitions } of topics) checkPartitions(topic, partitions);
    }
    const places = () => (topics ?? []).map(({ topic }) => ({ topic }));
    // Partitions move at once: none is ever on its way.
    return atController(parts, FAILED, () =>
      parts.view.request({ name: 'ListPartitionReassignments', places }, () => ({ topics: [] })),
    );
  },
});
