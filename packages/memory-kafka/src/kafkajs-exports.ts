import kafkajs from 'kafkajs';
import { errorClass } from './errors.ts';

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
