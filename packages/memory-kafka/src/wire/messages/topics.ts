import { NOT_ASKED_FOR } from '../authorized-operations.ts';
import {
  array,
  bool,
  int16,
  int32,
  int8,
  NO_UUID,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  until,
  uuid,
  within,
} from '../codec.ts';

export const apiVersionsRequest = struct({
  clientSoftwareName: since(3, string, ''),
  clientSoftwareVersion: since(3, string, ''),
});

export const apiVersionsResponse = struct({
  errorCode: int16,
  apis: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
  throttleTimeMs: since(1, int32, 0),
});

export const metadataRequest = struct({
  topics: nullableArray(struct({ topicId: since(10, uuid, NO_UUID), name: nullableString })),
  allowAutoTopicCreation: since(4, bool, true),
  includeClusterAuthorizedOperations: within(8, 10, bool, false),
  includeTopicAuthorizedOperations: since(8, bool, false),
});

export const metadataResponse = struct({
  throttleTimeMs: since(3, int32, 0),
  brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: since(1, nullableString, null) })),
  clusterId: since(2, nullableString, null),
  controllerId: since(1, int32, -1),
  topics: array(
    struct({
      errorCode: int16,
      name: nullableString,
      topicId: since(10, uuid, NO_UUID),
      isInternal: since(1, bool, false),
      partitions: array(
        struct({
          errorCode: int16,
          partitionIndex: int32,
          leaderId: int32,
          leaderEpoch: since(7, int32, -1),
          replicas: array(int32),
          isr: array(int32),
          offlineReplicas: since(5, array(int32), []),
        }),
      ),
      authorizedOperations: since(8, int32, NOT_ASKED_FOR),
    }),
  ),
  clusterAuthorizedOperations: within(8, 10, int32, NOT_ASKED_FOR),
});

export const createTopicsRequest = struct({
  topics: array(
    struct({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array(struct({ partition: int32, brokerIds: array(int32) })),
      configs: array(struct({ name: string, value: nullableString })),
    }),
  ),
  timeoutMs: int32,
  validateOnly: since(1, bool, false),
});

export const createTopicsResponse = struct({
  throttleTimeMs: since(2, int32, 0),
  topics: array(
    struct({
      name: string,
      topicId: since(7, uuid, NO_UUID),
      errorCode: int16,
      errorMessage: since(1, nullableString, null),
      numPartitions: since(5, int32, -1),
      replicationFactor: since(5, int16, -1),
      configs: since(
        5,
        nullableArray(
          struct({
            name: string,
            value: nullableString,
            readOnly: bool,
            configSource: int8,
            isSensitive: bool,
          }),
        ),
        null,
      ),
    }),
  ),
});

export const deleteTopicsRequest = struct({
  // By name, or by id where the name is null.
  topics: since(6, array(struct({ name: nullableString, topicId: uuid })), []),
  topicNames: until(5, array(string), []),
  timeoutMs: int32,
});

export const deleteTopicsResponse = struct({
  throttleTimeMs: since(1, int32, 0),
  topics: array(
    struct({
      name: nullableString,
      topicId: since(6, uuid, NO_UUID),
      errorCode: int16,
      errorMessage: since(5, nullableString, null),
    }),
  ),
});

export const createPartitionsRequest = struct({
  topics: array(
    struct({
      name: string,
      count: int32,
      assignments: nullableArray(struct({ brokerIds: array(int32) })),
    }),
  ),
  timeoutMs: int32,
  validateOnly: bool,
});

export const createPartitionsResponse = struct({
  throttleTimeMs: int32,
  results: array(struct({ name: string, errorCode: int16, errorMessage: nullableString })),
});

export const alterPartitionReassignmentsRequest = struct({
  timeoutMs: int32,
  allowReplicationFactorChange: since(1, bool, true),
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ partition: int32, replicas: nullableArray(int32) })),
    }),
  ),
});

export const alterPartitionReassignmentsResponse = struct({
  throttleTimeMs: int32,
  allowReplicationFactorChange: since(1, bool, true),
  errorCode: int16,
  errorMessage: nullableString,
  responses: array(
    struct({
      name: string,
      partitions: array(struct({ partition: int32, errorCode: int16, errorMessage: nullableString })),
    }),
  ),
});

export const listPartitionReassignmentsRequest = struct({
  timeoutMs: int32,
  topics: nullableArray(struct({ name: string, partitions: array(int32) })),
});

export const listPartitionReassignmentsResponse = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  errorMessage: nullableString,
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partition: int32,
          replicas: array(int32),
          addingReplicas: array(int32),
          removingReplicas: array(int32),
        }),
      ),
    }),
  ),
});

export const describeConfigsRequest = struct({
  resources: array(struct({ type: int8, name: string, keys: nullableArray(string) })),
  includeSynonyms: since(1, bool, false),
  includeDocumentation: since(3, bool, false),
});

export const describeConfigsResponse = struct({
  throttleTimeMs: int32,
  results: array(
    struct({
      errorCode: int16,
      errorMessage: nullableString,
      type: int8,
      name: string,
      configs: array(
        struct({
          name: string,
          value: nullableString,
          readOnly: bool,
          isDefault: within(0, 0, bool, false),
          source: since(1, int8, -1),
          isSensitive: bool,
          synonyms: since(1, array(struct({ name: string, value: nullableString, source: int8 })), []),
          configType: since(3, int8, 0),
          documentation: since(3, nullableString, null),
        }),
      ),
    }),
  ),
});

export const alterConfigsRequest = struct({
  resources: array(
    struct({ type: int8, name: string, configs: array(struct({ name: string, value: nullableString })) }),
  ),
  validateOnly: bool,
});

export const incrementalAlterConfigsRequest = struct({
  resources: array(
    struct({
      type: int8,
      name: string,
      configs: array(struct({ name: string, operation: int8, value: nullableString })),
    }),
  ),
  validateOnly: bool,
});

export const alterConfigsResponse = struct({
  throttleTimeMs: int32,
  results: array(struct({ errorCode: int16, errorMessage: nullableString, type: int8, name: string })),
});
