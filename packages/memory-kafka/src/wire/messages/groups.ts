import { NOT_ASKED_FOR } from '../authorized-operations.ts';
import {
  array,
  bool,
  bytes,
  int16,
  int32,
  int64,
  int8,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  until,
  within,
} from '../codec.ts';

export const findCoordinatorRequest = struct({
  key: until(3, string, ''),
  keyType: since(1, int8, 0),
  keys: since(4, array(string), []),
});

export const findCoordinatorResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: until(3, int16, 0),
  errorMessage: within(1, 3, nullableString, null),
  nodeId: until(3, int32, -1),
  host: until(3, string, ''),
  port: until(3, int32, -1),
  coordinators: since(
    4,
    array(
      struct({
        key: string,
        nodeId: int32,
        host: string,
        port: int32,
        errorCode: int16,
        errorMessage: nullableString,
      }),
    ),
    [],
  ),
});

export const joinGroupRequest = struct({
  groupId: string,
  sessionTimeoutMs: int32,
  rebalanceTimeoutMs: since(1, int32, -1),
  memberId: string,
  groupInstanceId: since(5, nullableString, null),
  protocolType: string,
  protocols: array(struct({ name: string, metadata: bytes })),
  reason: since(8, nullableString, null),
});

export const joinGroupResponse = struct({
  throttleTimeMs: since(2, int32, 0),
  errorCode: int16,
  generationId: int32,
  protocolType: since(7, nullableString, null),
  protocolName: nullableString,
  leader: string,
  skipAssignment: since(9, bool, false),
  memberId: string,
  members: array(
    struct({ memberId: string, groupInstanceId: since(5, nullableString, null), metadata: bytes }),
  ),
});

export const syncGroupRequest = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(3, nullableString, null),
  protocolType: since(5, nullableString, null),
  protocolName: since(5, nullableString, null),
  assignments: array(struct({ memberId: string, assignment: bytes })),
});

export const syncGroupResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  protocolType: since(5, nullableString, null),
  protocolName: since(5, nullableString, null),
  assignment: bytes,
});

export const heartbeatRequest = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: since(3, nullableString, null),
});

export const heartbeatResponse = struct({ throttleTimeMs: since(1, int32, 0), errorCode: int16 });

export const leaveGroupRequest = struct({
  groupId: string,
  memberId: until(2, string, ''),
  members: since(
    3,
    array(
      struct({ memberId: string, groupInstanceId: nullableString, reason: since(5, nullableString, null) }),
    ),
    [],
  ),
});

export const leaveGroupResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  members: since(
    3,
    array(struct({ memberId: string, groupInstanceId: nullableString, errorCode: int16 })),
    [],
  ),
});

export const describeGroupsRequest = struct({
  groups: array(string),
  includeAuthorizedOperations: since(3, bool, false),
});

export const describeGroupsResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  groups: array(
    struct({
      errorCode: int16,
      groupId: string,
      state: string,
      protocolType: string,
      protocol: string,
      members: array(
        struct({
          memberId: string,
          groupInstanceId: since(4, nullableString, null),
          clientId: string,
          clientHost: string,
          metadata: bytes,
          assignment: bytes,
        }),
      ),
      authorizedOperations: since(3, int32, NOT_ASKED_FOR),
    }),
  ),
});

export const listGroupsRequest = struct({
  states: since(4, array(string), []),
  types: since(5, array(string), []),
});

export const listGroupsResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  errorCode: int16,
  groups: array(
    struct({
      groupId: string,
      protocolType: string,
      state: since(4, string, ''),
      type: since(5, string, ''),
    }),
  ),
});

export const deleteGroupsRequest = struct({ groups: array(string) });

export const deleteGroupsResponse = struct({
  throttleTimeMs: int32,
  results: array(struct({ groupId: string, errorCode: int16 })),
});

const codes = array(struct({ name: string, partitions: array(struct({ index: int32, errorCode: int16 })) }));

/** @param epochSince the version from which on the leader's epoch is among them */
const offsetsToCommit = (epochSince: number) =>
  array(
    struct({
      name: string,
      partitions: array(
        struct({
          index: int32,
          offset: int64,
          leaderEpoch: since(epochSince, int32, -1),
          metadata: nullableString,
        }),
      ),
    }),
  );

export const offsetCommitRequest = struct({
  groupId: string,
  generationId: since(1, int32, -1),
  memberId: since(1, string, ''),
  groupInstanceId: since(7, nullableString, null),
  retentionMs: within(2, 4, int64, -1),
  topics: offsetsToCommit(6),
});

export const offsetCommitResponse = struct({ throttleTimeMs: since(3, int32, 0), topics: codes });

const fetchedOffsets = array(
  struct({
    name: string,
    partitions: array(
      struct({
        index: int32,
        offset: int64,
        leaderEpoch: since(5, int32, -1),
        metadata: nullableString,
        errorCode: int16,
      }),
    ),
  }),
);
const askedTopics = nullableArray(struct({ name: string, partitions: array(int32) }));

export const offsetFetchRequest = struct({
  groupId: until(7, string, ''),
  topics: until(7, askedTopics, null),
  groups: since(
    8,
    array(
      struct({
        groupId: string,
        memberId: since(9, nullableString, null),
        memberEpoch: since(9, int32, -1),
        topics: askedTopics,
      }),
    ),
    [],
  ),
  requireStable: since(7, bool, false),
});

export const offsetFetchResponse = struct({
  throttleTimeMs: since(3, int32, 0),
  topics: until(7, fetchedOffsets, []),
  errorCode: within(2, 7, int16, 0),
  groups: since(8, array(struct({ groupId: string, topics: fetchedOffsets, errorCode: int16 })), []),
});

export const txnOffsetCommitRequest = struct({
  transactionalId: string,
  groupId: string,
  producerId: int64,
  producerEpoch: int16,
  generationId: since(3, int32, -1),
  memberId: since(3, string, ''),
  groupInstanceId: since(3, nullableString, null),
  topics: offsetsToCommit(2),
});

export const txnOffsetCommitResponse = struct({ throttleTimeMs: int32, topics: codes });
