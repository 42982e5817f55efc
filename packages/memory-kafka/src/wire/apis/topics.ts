import type { ITopicConfig } from 'kafkajs';
import type { Core } from '../../broker/core.ts';
import { defineApi } from '../api.ts';
import { NO_UUID, type Decoded } from '../codec.ts';
import { codeOfType, messageOf } from '../codes.ts';
import {
  createPartitionsRequest,
  createPartitionsResponse,
  createTopicsRequest,
  createTopicsResponse,
  deleteTopicsRequest,
  deleteTopicsResponse,
} from '../messages/topics.ts';
import { topicIdOf } from '../topic-ids.ts';

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

const created = (name: string, errorCode: number, numPartitions: number) => ({
  name,
  topicId: errorCode === 0 ? topicIdOf(name) : NO_UUID,
  errorCode,
  errorMessage: messageOf(errorCode),
  numPartitions,
  replicationFactor: errorCode === 0 ? 1 : -1,
  configs: errorCode === 0 ? [] : null,
});

const isTwice = (name: string, names: readonly string[]): boolean =>
  names.filter((each) => each === name).length > 1;

export const createTopics = defineApi({
  key: 19,
  name: 'CreateTopics',
  versions: [0, 7],
  flexibleFrom: 5,
  request: createTopicsRequest,
  response: createTopicsResponse,
  handle: ({ core }, { topics, validateOnly }) => {
    const names = topics.map(({ name }) => name);
    return {
      throttleTimeMs: 0,
      topics: topics.map((topic) => {
        const refused = isTwice(topic.name, names)
          ? 'INVALID_REQUEST'
          : core.topics.create(configOf(topic), validateOnly);
        const count = core.topics.find(topic.name)?.partitions.length ?? topic.numPartitions;
        return created(topic.name, codeOfType(refused), refused === undefined ? count : -1);
      }),
    };
  },
  refuse: ({ topics }, code) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name }) => created(name, code, -1)),
  }),
});

const remove = (core: Core, name: string): number => {
  if (core.topics.find(name) === undefined) return codeOfType('UNKNOWN_TOPIC_OR_PARTITION');
  core.topics.remove(name);
  core.coordinator.forgetTopic(name);
  return 0;
};

export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: [0, 5],
  flexibleFrom: 4,
  request: deleteTopicsRequest,
  response: deleteTopicsResponse,
  handle: ({ core }, { topicNames }) => ({
    throttleTimeMs: 0,
    topics: [...new Set(topicNames)].map((name) => {
      const errorCode = isTwice(name, topicNames) ? codeOfType('INVALID_REQUEST') : remove(core, name);
      return { name, errorCode, errorMessage: messageOf(errorCode) };
    }),
  }),
  refuse: ({ topicNames }, code) => ({
    throttleTimeMs: 0,
    topics: topicNames.map((name) => ({ name, errorCode: code, errorMessage: messageOf(code) })),
  }),
});

export const createPartitions = defineApi({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleFrom: 2,
  request: createPartitionsRequest,
  response: createPartitionsResponse,
  handle: ({ core }, { topics, validateOnly }) => ({
    throttleTimeMs: 0,
    results: topics.map(({ name, count, assignments }) => {
      const lists = (assignments ?? []).map(({ brokerIds }) => [...brokerIds]);
      const errorCode = codeOfType(
        core.topics.grow({ topic: name, count, assignments: lists }, validateOnly),
      );
      return { name, errorCode, errorMessage: messageOf(errorCode) };
    }),
  }),
  refuse: ({ topics }, code) => ({
    throttleTimeMs: 0,
    results: topics.map(({ name }) => ({ name, errorCode: code, errorMessage: messageOf(code) })),
  }),
});
