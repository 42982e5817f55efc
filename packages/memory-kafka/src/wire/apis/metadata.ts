import { NODE_ID } from '../../broker/core.ts';
import { defineApi, type Caller } from '../api.ts';
import { NO_UUID } from '../codec.ts';
import { codeOf } from '../codes.ts';
import { metadataRequest, metadataResponse } from '../messages/topics.ts';
import { nameOfTopic, topicIdOf } from '../topic-ids.ts';

const CLUSTER_ID = 'memory-kafka';
const NOT_ASKED_FOR = -2_147_483_648;

const partitionOf = (partitionIndex: number) => ({
  errorCode: 0,
  partitionIndex,
  leaderId: NODE_ID,
  leaderEpoch: -1,
  replicas: [NODE_ID],
  isr: [NODE_ID],
  offlineReplicas: [],
});

const answerOf = (name: string, errorCode: number, partitions: number) => ({
  errorCode,
  name,
  topicId: errorCode === 0 ? topicIdOf(name) : NO_UUID,
  isInternal: false,
  partitions: Array.from({ length: partitions }, (_, index) => partitionOf(index)),
  authorizedOperations: NOT_ASKED_FOR,
});

const describe = ({ core }: Caller, name: string, autoCreate: boolean) => {
  try {
    return answerOf(name, 0, core.topics.describe(name, autoCreate).partitions.length);
  } catch (error) {
    return answerOf(name, codeOf(error), 0);
  }
};

const cluster = ({ host, port }: Pick<Caller, 'host' | 'port'>) => ({
  throttleTimeMs: 0,
  brokers: [{ nodeId: NODE_ID, host, port, rack: null }],
  clusterId: CLUSTER_ID,
  controllerId: NODE_ID,
  clusterAuthorizedOperations: NOT_ASKED_FOR,
});

export const metadata = defineApi({
  key: 3,
  name: 'Metadata',
  versions: [0, 12],
  flexibleFrom: 9,
  request: metadataRequest,
  response: metadataResponse,
  handle: (caller, { topics, allowAutoTopicCreation }, version) => {
    // In the first version no topics stand for all of them.
    const isAll = topics === null || (version === 0 && topics.length === 0);
    const names = isAll
      ? caller.core.topics.names()
      : [...new Set(topics.map(({ name, topicId }) => name ?? nameOfTopic(caller.core, topicId)))];
    const described = names.map((name) => describe(caller, name, allowAutoTopicCreation && !isAll));
    return { ...cluster(caller), topics: described };
  },
  refuse: ({ topics }, code) => ({
    ...cluster({ host: '', port: 0 }),
    brokers: [],
    topics: (topics ?? []).map(({ name }) => answerOf(name ?? '', code, 0)),
  }),
});
