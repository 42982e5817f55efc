import kafkajs from 'kafkajs';

export { Kafka, type MemoryKafkaConfig } from './kafka.ts';
export { createCluster, type ClusterOptions, type MemoryCluster } from './cluster.ts';
export { createManualClock, createSystemClock, type Cancel, type Clock, type ManualClock } from './clock.ts';
export type { Api, Faults, Repeat } from './broker/faults.ts';
export type {
  ClusterState,
  GroupMemberState,
  GroupOffsetState,
  GroupSnapshot,
  PartitionState,
} from './broker/inspect.ts';
export type { ProtocolErrorType } from './errors.ts';
export type * from 'kafkajs';

// The rest of kafkajs is kafkajs's own, so that `instanceof` and mutable registries are the same for both packages.
export const {
  PartitionAssigners,
  AssignerProtocol,
  Partitioners,
  logLevel,
  CompressionTypes,
  CompressionCodecs,
  ConfigResourceTypes,
  ConfigSource,
  AclResourceTypes,
  AclOperationTypes,
  AclPermissionTypes,
  ResourcePatternTypes,
  KafkaJSError,
  KafkaJSNonRetriableError,
  KafkaJSProtocolError,
  KafkaJSOffsetOutOfRange,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSConnectionError,
  KafkaJSRequestTimeoutError,
  KafkaJSMetadataNotLoaded,
  KafkaJSTopicMetadataNotLoaded,
  KafkaJSStaleTopicMetadataAssignment,
  KafkaJSServerDoesNotSupportApiKey,
  KafkaJSBrokerNotFound,
  KafkaJSPartialMessageError,
  KafkaJSSASLAuthenticationError,
  KafkaJSGroupCoordinatorNotFound,
  KafkaJSNotImplemented,
  KafkaJSTimeout,
  KafkaJSLockTimeout,
  KafkaJSUnsupportedMagicByteInMessageSet,
  KafkaJSDeleteGroupsError,
  KafkaJSDeleteTopicRecordsError,
  KafkaJSAggregateError,
  KafkaJSAlterPartitionReassignmentsError,
} = kafkajs;
