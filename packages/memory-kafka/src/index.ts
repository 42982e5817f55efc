import kafkajs from 'kafkajs';
import { clusterOf, createCluster } from './cluster.ts';
import { errorClass } from './errors.ts';
import { Kafka } from './kafka.ts';

export { Kafka, type MemoryKafkaConfig } from './kafka.ts';
export type { Link } from './client/connection.ts';
export { clusterOf, createCluster, type ClusterOptions, type MemoryCluster } from './cluster.ts';
export type { Retention } from './broker/log-policy.ts';
export { createSeededRandom } from './seeded-random.ts';
export { createManualClock, createSystemClock, type Cancel, type Clock, type ManualClock } from './clock.ts';
export type { Api, Chances, Faults, OlderOffset, Repeat, Unflushed } from './broker/faults.ts';
export type {
  ClusterState,
  GroupMemberState,
  GroupOffsetState,
  GroupSnapshot,
  PartitionState,
} from './broker/inspect.ts';
export { PROTOCOL_ERROR_TYPES, type ProtocolErrorType } from './protocol-errors.ts';
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

// These exist in kafkajs at run time only.
export const KafkaJSConnectionClosedError = errorClass('KafkaJSConnectionClosedError');
export const KafkaJSMemberIdRequired = errorClass('KafkaJSMemberIdRequired');
export const KafkaJSCreateTopicError = errorClass('KafkaJSCreateTopicError');
export const KafkaJSInvariantViolation = errorClass('KafkaJSInvariantViolation');
export const KafkaJSInvalidVarIntError = errorClass('KafkaJSInvalidVarIntError');
export const KafkaJSInvalidLongError = errorClass('KafkaJSInvalidLongError');
export const KafkaJSNoBrokerAvailableError = errorClass('KafkaJSNoBrokerAvailableError');
export const KafkaJSFetcherRebalanceError = errorClass('KafkaJSFetcherRebalanceError');

// As with kafkajs: to Node an ES module gets at the whole of a CommonJS one by its default export only.
export default { ...kafkajs, Kafka, clusterOf, createCluster };
