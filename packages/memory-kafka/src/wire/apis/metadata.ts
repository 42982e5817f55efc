import { NOT_ASKED_FOR } from '../authorized-operations.ts';
import type { Core } from '../../broker/core.ts';
import type { PartitionLog } from '../../broker/partition-log.ts';
import { NO_LEADER } from '../../broker/placement.ts';
import { throwRefusal } from '../../broker/refusals.ts';
import { codeOfType } from '../codes.ts';
import { defineApi, type Caller } from '../api.ts';
import { NO_UUID } from '../codec.ts';
import { codeOf } from '../codes.ts';
import { metadataRequest, metadataResponse } from '../messages/topics.ts';
import { nameOfTopic, topicIdOf } from '../topic-ids.ts';

const CLUSTER_ID = 'memory-kafka';
/** Clients that get an epoch ask for the offsets of epochs, of which nothing is kept here. */
const NO_EPOCH = -1;
const partitionOf = ({ brokers }: Core, { placement }: PartitionLog, partitionIndex: number) => ({
  errorCode: codeOfType(placement.leader === NO_LEADER ? 'LEADER_NOT_AVAILABLE' : undefined),
  partitionIndex,
  leaderId: placement.leader,
  leaderEpoch: NO_EPOCH,
  replicas: placement.replicas,
  isr: placement.isr,
  offlineReplicas: placement.replicas.filter((nodeId) => !brokers.isUp(nodeId)),
});

const answerOf = (name: string, errorCode: number, partitions: ReturnType<typeof partitionOf>[] = []) => ({
  errorCode,
  name,
  topicId: errorCode === 0 ? topicIdOf(name) : NO_UUID,
  isInternal: false,
  partitions,
  authorizedOperations: NOT_ASKED_FOR,
});

const describe = ({ core, refused }: Caller, name: string, autoCreate: boolean) => {
  try {
    throwRefusal(refused.topic(name));
    if (autoCreate && core.topics.find(name) === undefined) throwRefusal(refused.creation(name));
    const { partitions } = core.topics.describe(name, autoCreate);
    return answerOf(
      name,
      0,
      partitions.map((log, index) => partitionOf(core, log, index)),
    );
  } catch (error) {
    return answerOf(name, codeOf(error));
  }
};

const NOBODY = {
  throttleTimeMs: 0,
  brokers: [],
  clusterId: CLUSTER_ID,
  controllerId: -1,
  clusterAuthorizedOperations: NOT_ASKED_FOR,
};

const cluster = ({ core: { brokers }, address }: Caller) => ({
  ...NOBODY,
  brokers: brokers.up().map((nodeId) => ({ nodeId, ...address(nodeId), rack: null })),
  controllerId: brokers.any(),
});

export const metadata = defineApi({
  api: { key: 3, name: 'Metadata', versions: [0, 12], flexibleFrom: 9 },
  request: metadataRequest,
  response: metadataResponse,
  handle: (caller, { topics, allowAutoTopicCreation }, version) => {
    // In the first version no topics stand for all of them.
    const isAll = topics === null || (version === 0 && topics.length === 0);
    const names = isAll
      ? caller.core.topics.names().filter((name) => caller.refused.topic(name) === undefined)
      : [...new Set(topics.map(({ name, topicId }) => name ?? nameOfTopic(caller.core, topicId)))];
    const described = names.map((name) => describe(caller, name, allowAutoTopicCreation && !isAll));
    return { ...cluster(caller), topics: described };
  },
  refuse: ({ topics }, code) => ({
    ...NOBODY,
    topics: (topics ?? []).map(({ name }) => answerOf(name ?? '', code)),
  }),
});
