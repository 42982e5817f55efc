import { defineApi, type WireApi } from '../api.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../messages/topics.ts';
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from './configs.ts';
import { fetch } from './fetch.ts';
import { offsetCommit, offsetFetch, txnOffsetCommit } from './group-offsets.ts';
import { deleteGroups, describeGroups, findCoordinator, listGroups } from './groups.ts';
import { heartbeat, joinGroup, leaveGroup, syncGroup } from './membership.ts';
import { metadata } from './metadata.ts';
import { deleteRecords, listOffsets } from './offsets.ts';
import { produce } from './produce.ts';
import { alterPartitionReassignments, listPartitionReassignments } from './reassignments.ts';
import { createAcls, deleteAcls, describeAcls, saslAuthenticate, saslHandshake } from './security.ts';
import { createPartitions, createTopics, deleteTopics } from './topics.ts';
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId } from './transactions.ts';

const answerOf = (errorCode: number) => ({
  errorCode,
  apis: [...APIS_BY_KEY.values()].map(({ key, minVersion, maxVersion }) => ({
    apiKey: key,
    minVersion,
    maxVersion,
  })),
  throttleTimeMs: 0,
});

/** What the broker can do. A client that asks in a version that is too new is answered in the oldest. */
export const apiVersions = defineApi({
  api: { key: 18, name: 'ApiVersions', versions: [0, 3], flexibleFrom: 3 },
  request: apiVersionsRequest,
  response: apiVersionsResponse,
  handle: () => answerOf(0),
  refuse: (_request, code) => answerOf(code),
});

const APIS: readonly WireApi[] = [
  apiVersions,
  produce,
  fetch,
  listOffsets,
  deleteRecords,
  metadata,
  createTopics,
  deleteTopics,
  createPartitions,
  describeConfigs,
  alterConfigs,
  incrementalAlterConfigs,
  alterPartitionReassignments,
  listPartitionReassignments,
  findCoordinator,
  joinGroup,
  syncGroup,
  heartbeat,
  leaveGroup,
  describeGroups,
  listGroups,
  deleteGroups,
  offsetCommit,
  offsetFetch,
  txnOffsetCommit,
  initProducerId,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  saslHandshake,
  saslAuthenticate,
  describeAcls,
  createAcls,
  deleteAcls,
];

/** All kinds of request that the broker answers, by Kafka's numbers. */
export const APIS_BY_KEY: ReadonlyMap<number, WireApi> = new Map(APIS.map((api) => [api.key, api]));
