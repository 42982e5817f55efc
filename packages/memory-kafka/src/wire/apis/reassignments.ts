import { defineApi } from '../api.ts';
import { codeOfType } from '../codes.ts';
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from '../messages/topics.ts';

const answerOf = <R>(errorCode: number, responses: readonly R[]) => ({
  throttleTimeMs: 0,
  allowReplicationFactorChange: true,
  errorCode,
  errorMessage: null,
  responses,
});

export const alterPartitionReassignments = defineApi({
  api: { key: 45, name: 'AlterPartitionReassignments', versions: [0, 1], flexibleFrom: 0 },
  request: alterPartitionReassignmentsRequest,
  response: alterPartitionReassignmentsResponse,
  handle: ({ core }, { topics }) =>
    answerOf(
      0,
      topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partition, replicas }) => ({
          partition,
          errorCode: codeOfType(core.reassign(name, partition, replicas)),
          errorMessage: null,
        })),
      })),
    ),
  refuse: (_request, code) => answerOf(code, []),
});

const ongoing = (errorCode: number) => ({ throttleTimeMs: 0, errorCode, errorMessage: null, topics: [] });

/** Partitions move at once: none is ever on its way. */
export const listPartitionReassignments = defineApi({
  api: { key: 46, name: 'ListPartitionReassignments', versions: [0, 0], flexibleFrom: 0 },
  request: listPartitionReassignmentsRequest,
  response: listPartitionReassignmentsResponse,
  handle: () => ongoing(0),
  refuse: (_request, code) => ongoing(code),
});
