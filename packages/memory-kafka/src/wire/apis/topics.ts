import type { ITopicConfig } from 'kafkajs';
import { defineApi, type Caller } from '../api.ts';
import { NO_UUID, type Decoded } from '../codec.ts';
import { codeOfType } from '../codes.ts';
import {
  createPartitionsRequest,
  createPartitionsResponse,
  createTopicsRequest,
  createTopicsResponse,
  deleteTopicsRequest,
  deleteTopicsResponse,
} from '../messages/topics.ts';
import { nameOfTopic, topicIdOf } from '../topic-ids.ts';

/** A code of Kafka's that kafkajs has no name for. */
const UNKNOWN_TOPIC_ID = 100;

type NewTopic = Decoded<typeof createTopicsRequest>['topics'][number];

const configOf = ({
  name,
  numPartitions,
  replicationFactor,
  assignments,
  configs,
}: NewTopic): ITopicConfig => ({
  topic: name,
  numPartitions,
  replicationFactor,
  replicaAssignment: assignments.map(({ partition, brokerIds }) => ({ partition, replicas: [...brokerIds] })),
  configEntries: configs.map((entry) => ({ name: entry.name, value: entry.value ?? '' })),
});

const created = (name: string, errorCode: number, numPartitions = -1, replicationFactor = -1) => ({
  name,
  topicId: errorCode === 0 ? topicIdOf(name) : NO_UUID,
  errorCode,
  errorMessage: null,
  numPartitions,
  replicationFactor,
  configs: errorCode === 0 ? [] : null,
});

const isTwice = <T>(name: T, names: readonly T[]): boolean =>
  names.filter((each) => each === name).length > 1;

export const createTopics = defineApi({
  api: { key: 19, name: 'CreateTopics', versions: [0, 7], flexibleFrom: 5 },
  request: createTopicsRequest,
  response: createTopicsResponse,
  handle: ({ core, refused }, { topics, validateOnly }) => {
    const names = topics.map(({ name }) => name);
    return {
      throttleTimeMs: 0,
      topics: topics.map((topic) => {
        const refusal = isTwice(topic.name, names)
          ? 'INVALID_REQUEST'
          : (refused.creation(topic.name) ?? core.topics.create(configOf(topic), validateOnly));
        if (refusal !== undefined) return created(topic.name, codeOfType(refusal));
        const partitions = core.topics.find(topic.name)?.partitions;
        const replicas = partitions?.[0]?.placement.replicas.length;
        return created(
          topic.name,
          0,
          partitions?.length ?? topic.numPartitions,
          replicas ?? topic.replicationFactor,
        );
      }),
    };
  },
  refuse: ({ topics }, code) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name }) => created(name, code)),
  }),
});

type Deletion = Decoded<typeof deleteTopicsRequest>;

/** Each topic that is to be deleted, by its name or by an id; the name is null if no topic has the id. */
const askedFor = ({ topicNames, topics }: Deletion, nameOf: (id: Buffer) => string) => [
  ...topicNames.map((name) => ({ name, topicId: topicIdOf(name) })),
  ...topics.map(({ name, topicId }) =>
    name === null ? { name: nameOf(topicId) || null, topicId } : { name, topicId: topicIdOf(name) },
  ),
];

const deleted = (topic: { readonly name: string | null; readonly topicId: Buffer }, errorCode: number) => ({
  ...topic,
  errorCode,
  errorMessage: null,
});

const remove = ({ core, refused }: Caller, name: string | null): number => {
  if (name === null) return UNKNOWN_TOPIC_ID;
  const refusal = refused.topic(name);
  if (refusal !== undefined) return codeOfType(refusal);
  if (core.topics.find(name) === undefined) return codeOfType('UNKNOWN_TOPIC_OR_PARTITION');
  core.topics.remove(name);
  core.coordinator.forgetTopic(name);
  return 0;
};

export const deleteTopics = defineApi({
  api: { key: 20, name: 'DeleteTopics', versions: [0, 6], flexibleFrom: 4 },
  request: deleteTopicsRequest,
  response: deleteTopicsResponse,
  handle: (caller, request) => {
    const asked = askedFor(request, (id) => nameOfTopic(caller.core, id));
    const names = asked.map(({ name }) => name);
    const topics = asked.flatMap((topic, index) => {
      if (topic.name === null || !isTwice(topic.name, names))
        return [deleted(topic, remove(caller, topic.name))];
      // Once in the answer.
      return names.indexOf(topic.name) === index ? [deleted(topic, codeOfType('INVALID_REQUEST'))] : [];
    });
    return { throttleTimeMs: 0, topics };
  },
  refuse: (request, code) => ({
    throttleTimeMs: 0,
    topics: askedFor(request, () => '').map((topic) => deleted(topic, code)),
  }),
});

export const createPartitions = defineApi({
  api: { key: 37, name: 'CreatePartitions', versions: [0, 3], flexibleFrom: 2 },
  request: createPartitionsRequest,
  response: createPartitionsResponse,
  handle: ({ core, refused }, { topics, validateOnly }) => ({
    throttleTimeMs: 0,
    results: topics.map(({ name, count, assignments }) => {
      const lists = (assignments ?? []).map(({ brokerIds }) => [...brokerIds]);
      const errorCode = codeOfType(
        refused.topic(name) ?? core.topics.grow({ topic: name, count, assignments: lists }, validateOnly),
      );
      return { name, errorCode, errorMessage: null };
    }),
  }),
  refuse: ({ topics }, code) => ({
    throttleTimeMs: 0,
    results: topics.map(({ name }) => ({ name, errorCode: code, errorMessage: null })),
  }),
});
