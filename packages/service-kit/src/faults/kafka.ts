import { rulingIn, ruleAll, type Ruling, type Rulings } from './verdict.ts';

/** The classes of kafkajs. One that only wraps an error is waited for, unless what it wraps is refused. */
export const KAFKAJS_CLASSES: Rulings = {
  ...ruleAll(
    [
      'KafkaJSError',
      'KafkaJSNonRetriableError',
      'KafkaJSAggregateError',
      'KafkaJSNumberOfRetriesExceeded',
      'KafkaJSProtocolError',
    ],
    { verdict: 'transient', why: 'it says nothing of its own; its type or its cause does' },
  ),
  ...ruleAll(
    [
      'KafkaJSConnectionError',
      'KafkaJSConnectionClosedError',
      'KafkaJSRequestTimeoutError',
      'KafkaJSTimeout',
      'KafkaJSLockTimeout',
      'KafkaJSNoBrokerAvailableError',
    ],
    { verdict: 'transient', why: 'no broker answers' },
  ),
  ...ruleAll(
    [
      'KafkaJSBrokerNotFound',
      'KafkaJSGroupCoordinatorNotFound',
      'KafkaJSMetadataNotLoaded',
      'KafkaJSTopicMetadataNotLoaded',
      'KafkaJSStaleTopicMetadataAssignment',
    ],
    { verdict: 'transient', why: 'the brokers do not know yet who has what' },
  ),
  ...ruleAll(['KafkaJSMemberIdRequired', 'KafkaJSFetcherRebalanceError', 'KafkaJSOffsetOutOfRange'], {
    verdict: 'transient',
    why: 'kafkajs recovers by itself',
  }),
  KafkaJSSASLAuthenticationError: {
    verdict: 'transient',
    why: 'the user or its password does not fit, as while it is changed',
  },
  ...ruleAll(
    [
      'KafkaJSCreateTopicError',
      'KafkaJSDeleteTopicRecordsError',
      'KafkaJSDeleteGroupsError',
      'KafkaJSAlterPartitionReassignmentsError',
    ],
    { verdict: 'transient', why: 'what an administrator asks for is not done now; its type says why' },
  ),
  ...ruleAll(
    [
      'KafkaJSPartialMessageError',
      'KafkaJSUnsupportedMagicByteInMessageSet',
      'KafkaJSServerDoesNotSupportApiKey',
    ],
    { verdict: 'transient', why: 'a broker of another version, or a broken answer' },
  ),
  ...ruleAll(
    [
      'KafkaJSNotImplemented',
      'KafkaJSInvariantViolation',
      'KafkaJSInvalidVarIntError',
      'KafkaJSInvalidLongError',
    ],
    { verdict: 'bug', why: 'kafkajs is used wrongly, or is at fault itself' },
  ),
};

/** The error types of Kafka's protocol (https://kafka.apache.org/protocol#protocol_error_codes), as kafkajs names them. */
export const KAFKA_TYPES: Rulings = {
  ...ruleAll(
    [
      'LEADER_NOT_AVAILABLE',
      'NOT_LEADER_FOR_PARTITION',
      'REPLICA_NOT_AVAILABLE',
      'BROKER_NOT_AVAILABLE',
      'NOT_CONTROLLER',
      'STALE_CONTROLLER_EPOCH',
      'FENCED_LEADER_EPOCH',
      'UNKNOWN_LEADER_EPOCH',
      'STALE_BROKER_EPOCH',
      'PREFERRED_LEADER_NOT_AVAILABLE',
      'ELIGIBLE_LEADERS_NOT_AVAILABLE',
      'ELECTION_NOT_NEEDED',
      'LISTENER_NOT_FOUND',
      'OFFSET_NOT_AVAILABLE',
      'REASSIGNMENT_IN_PROGRESS',
      'NO_REASSIGNMENT_IN_PROGRESS',
    ],
    { verdict: 'transient', why: 'leaders change' },
  ),
  ...ruleAll(['NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'INVALID_REPLICATION_FACTOR'], {
    verdict: 'transient',
    why: 'too few brokers are there',
  }),
  ...ruleAll(
    [
      'REQUEST_TIMED_OUT',
      'NETWORK_EXCEPTION',
      'UNKNOWN',
      'KAFKAJS_UNKNOWN_ERROR_CODE',
      'OPERATION_NOT_ATTEMPTED',
    ],
    {
      verdict: 'transient',
      why: 'the broker does not say, or not in time',
    },
  ),
  ...ruleAll(['KAFKA_STORAGE_ERROR', 'LOG_DIR_NOT_FOUND', 'CORRUPT_MESSAGE'], {
    verdict: 'transient',
    why: "a broker's disk fails or is full, or bytes got broken on their way",
  }),
  ...ruleAll(
    [
      'GROUP_LOAD_IN_PROGRESS',
      'GROUP_COORDINATOR_NOT_AVAILABLE',
      'NOT_COORDINATOR_FOR_GROUP',
      'ILLEGAL_GENERATION',
      'UNKNOWN_MEMBER_ID',
      'REBALANCE_IN_PROGRESS',
      'MEMBER_ID_REQUIRED',
      'GROUP_MAX_SIZE_REACHED',
      'FENCED_INSTANCE_ID',
      'UNSTABLE_OFFSET_COMMIT',
      'NON_EMPTY_GROUP',
      'GROUP_ID_NOT_FOUND',
      'GROUP_SUBSCRIBED_TO_TOPIC',
      'INCONSISTENT_GROUP_PROTOCOL',
    ],
    { verdict: 'transient', why: 'the group changes' },
  ),
  ...ruleAll(['OFFSET_OUT_OF_RANGE', 'FETCH_SESSION_ID_NOT_FOUND', 'INVALID_FETCH_SESSION_EPOCH'], {
    verdict: 'transient',
    why: 'kafkajs begins anew where the log begins',
  }),
  ...ruleAll(
    ['UNKNOWN_TOPIC_OR_PARTITION', 'TOPIC_ALREADY_EXISTS', 'TOPIC_DELETION_DISABLED', 'POLICY_VIOLATION'],
    {
      verdict: 'transient',
      why: 'a topic is being made, or a person has to make it',
    },
  ),
  ...ruleAll(
    [
      'TOPIC_AUTHORIZATION_FAILED',
      'GROUP_AUTHORIZATION_FAILED',
      'CLUSTER_AUTHORIZATION_FAILED',
      'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
      'SASL_AUTHENTICATION_FAILED',
      'UNSUPPORTED_SASL_MECHANISM',
      'ILLEGAL_SASL_STATE',
      'SECURITY_DISABLED',
      'DELEGATION_TOKEN_AUTH_DISABLED',
      'DELEGATION_TOKEN_NOT_FOUND',
      'DELEGATION_TOKEN_OWNER_MISMATCH',
      'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED',
      'DELEGATION_TOKEN_AUTHORIZATION_FAILED',
      'DELEGATION_TOKEN_EXPIRED',
      'INVALID_PRINCIPAL_TYPE',
    ],
    {
      verdict: 'transient',
      why: 'the user, its password or its rights do not fit, as while they are changed',
    },
  ),
  ...ruleAll(
    [
      'INVALID_PRODUCER_EPOCH',
      'PRODUCER_FENCED',
      'UNKNOWN_PRODUCER_ID',
      'INVALID_PRODUCER_ID_MAPPING',
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
      'TRANSACTION_COORDINATOR_FENCED',
    ],
    { verdict: 'transient', why: 'the broker knows a newer producer, or this one no more', renew: true },
  ),
  ...ruleAll(['DUPLICATE_SEQUENCE_NUMBER', 'CONCURRENT_TRANSACTIONS'], {
    verdict: 'transient',
    why: 'an earlier try of the same is there, or under way',
  }),
  ...ruleAll(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'], {
    verdict: 'refused',
    why: 'it is larger than its topic takes',
  }),
  ...ruleAll(['INVALID_RECORD', 'INVALID_TIMESTAMP'], {
    verdict: 'refused',
    why: 'its topic does not take it',
  }),
  ...ruleAll(
    [
      'INVALID_FETCH_SIZE',
      'OFFSET_METADATA_TOO_LARGE',
      'INVALID_TOPIC_EXCEPTION',
      'INVALID_REQUIRED_ACKS',
      'INVALID_GROUP_ID',
      'INVALID_SESSION_TIMEOUT',
      'INVALID_COMMIT_OFFSET_SIZE',
      'UNSUPPORTED_VERSION',
      'INVALID_PARTITIONS',
      'INVALID_REPLICA_ASSIGNMENT',
      'INVALID_CONFIG',
      'INVALID_REQUEST',
      'UNSUPPORTED_FOR_MESSAGE_FORMAT',
      'INVALID_TXN_STATE',
      'INVALID_TRANSACTION_TIMEOUT',
      'UNSUPPORTED_COMPRESSION_TYPE',
    ],
    { verdict: 'bug', why: 'the broker is asked wrongly, or is of another version' },
  ),
};

const UNKNOWN: Ruling = { verdict: 'transient', why: 'an error of Kafka that is not known' };
const TYPE = /^[A-Z][A-Z_]+$/;

const isFromKafkajs = (name: unknown): name is string =>
  typeof name === 'string' && name.startsWith('KafkaJS');

/** The ruling of an error of kafkajs, or of the broker's refusal in it; one that is not known is waited for. */
export const rulingOfKafka = (error: Readonly<Record<string, unknown>>): Ruling | undefined => {
  const { name, type } = error;
  // What kafkajs wraps has the type, but not always the class.
  const byType = rulingIn(KAFKA_TYPES, type);
  if (byType) return byType;
  if (!isFromKafkajs(name)) return undefined;
  if (typeof type === 'string' && TYPE.test(type)) return UNKNOWN;
  const { constructor: made } = error as { constructor?: { name?: string } };
  return rulingIn(KAFKAJS_CLASSES, made?.name) ?? rulingIn(KAFKAJS_CLASSES, name) ?? UNKNOWN;
};
