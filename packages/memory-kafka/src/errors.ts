import { types } from 'node:util';
import kafkajs from 'kafkajs';
import type { KafkaJSError, KafkaJSProtocolError } from 'kafkajs';

// The error classes are kafkajs's own, so that `instanceof` holds for code written against either package.

const PROTOCOL_ERRORS = {
  OFFSET_OUT_OF_RANGE: [
    1,
    false,
    'The requested offset is not within the range of offsets maintained by the server',
  ],
  UNKNOWN_TOPIC_OR_PARTITION: [3, true, 'This server does not host this topic-partition'],
  LEADER_NOT_AVAILABLE: [
    5,
    true,
    'There is no leader for this topic-partition as we are in the middle of a leadership election',
  ],
  NOT_LEADER_FOR_PARTITION: [6, true, 'This server is not the leader for that topic-partition'],
  REQUEST_TIMED_OUT: [7, true, 'The request timed out'],
  MESSAGE_TOO_LARGE: [
    10,
    false,
    'The request included a message larger than the max message size the server will accept',
  ],
  OFFSET_METADATA_TOO_LARGE: [12, false, 'The metadata field of the offset request was too large'],
  GROUP_COORDINATOR_NOT_AVAILABLE: [15, true, 'The group coordinator is not available'],
  NOT_COORDINATOR_FOR_GROUP: [16, true, 'This is not the correct coordinator for this group'],
  INVALID_TOPIC_EXCEPTION: [17, false, 'The request attempted to perform an operation on an invalid topic'],
  NOT_ENOUGH_REPLICAS: [
    19,
    true,
    'Messages are rejected since there are fewer in-sync replicas than required',
  ],
  INVALID_REQUIRED_ACKS: [21, false, 'Produce request specified an invalid value for required acks'],
  ILLEGAL_GENERATION: [22, false, 'Specified group generation id is not valid'],
  INCONSISTENT_GROUP_PROTOCOL: [
    23,
    false,
    "The group member's supported protocols are incompatible with those of existing members",
  ],
  UNKNOWN_MEMBER_ID: [25, false, 'The coordinator is not aware of this member'],
  INVALID_SESSION_TIMEOUT: [
    26,
    false,
    'The session timeout is not within the range allowed by the broker (as configured by group.min.session.timeout.ms and group.max.session.timeout.ms)',
  ],
  REBALANCE_IN_PROGRESS: [27, false, 'The group is rebalancing, so a rejoin is needed'],
  INVALID_TIMESTAMP: [32, false, 'The timestamp of the message is out of acceptable range'],
  UNSUPPORTED_VERSION: [35, false, 'The version of API is not supported'],
  TOPIC_ALREADY_EXISTS: [36, false, 'Topic with this name already exists'],
  INVALID_PARTITIONS: [37, false, 'Number of partitions is invalid'],
  INVALID_REPLICATION_FACTOR: [38, false, 'Replication-factor is invalid'],
  INVALID_REPLICA_ASSIGNMENT: [39, false, 'Replica assignment is invalid'],
  INVALID_CONFIG: [40, false, 'Configuration is invalid'],
  INVALID_REQUEST: [
    42,
    false,
    'This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details',
  ],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [45, false, 'The broker received an out of order sequence number'],
  INVALID_PRODUCER_EPOCH: [
    47,
    false,
    "Producer attempted an operation with an old epoch. Either there is a newer producer with the same transactionalId, or the producer's transaction has been expired by the broker",
  ],
  INVALID_TXN_STATE: [48, false, 'The producer attempted a transactional operation in an invalid state'],
  INVALID_TRANSACTION_TIMEOUT: [
    50,
    false,
    'The transaction timeout is larger than the maximum value allowed by the broker (as configured by max.transaction.timeout.ms)',
  ],
  KAFKA_STORAGE_ERROR: [56, true, 'Disk error when trying to access log file on the disk'],
  NON_EMPTY_GROUP: [68, false, 'The group is not empty'],
  GROUP_ID_NOT_FOUND: [69, false, 'The group id was not found'],
  INVALID_RECORD: [87, false, 'This record has failed the validation on broker and hence be rejected'],
} as const satisfies Record<string, readonly [code: number, retriable: boolean, message: string]>;

/** The broker's refusals that this cluster can answer with, by the name that kafkajs gives them in `error.type`. */
export type ProtocolErrorType = keyof typeof PROTOCOL_ERRORS;

const protocolErrorFields = (type: ProtocolErrorType) => {
  const [code, retriable, message] = PROTOCOL_ERRORS[type];
  return Object.assign(new Error(message), { type, code, retriable });
};

/** The refusal of a fetch, with the partition whose log does not have the offset. */
export const offsetOutOfRange = (topic: string, partition: number): KafkaJSError =>
  new kafkajs.KafkaJSOffsetOutOfRange(protocolErrorFields('OFFSET_OUT_OF_RANGE'), { topic, partition });

/** Kafka's numeric code of a refusal. */
export const errorCodeOf = (type: ProtocolErrorType): number => PROTOCOL_ERRORS[type][0];

/** A broker's refusal, with kafkajs's `type`, `code`, `retriable` and message. */
export const protocolError = (type: ProtocolErrorType): KafkaJSProtocolError =>
  new kafkajs.KafkaJSProtocolError(protocolErrorFields(type));

/** A class of kafkajs that its typings leave out. */
export const errorClass = (name: string): new (...args: readonly unknown[]) => KafkaJSError =>
  Reflect.get(kafkajs, name);

// Some parameters are missing in the typings, too.
const construct = (name: string, args: readonly unknown[]): KafkaJSError => new (errorClass(name))(...args);

/** An error that no retry will cure; `cause` is what `error.cause` shows. */
export const nonRetriable = (error: Error | string, cause?: Error): KafkaJSError =>
  construct('KafkaJSNonRetriableError', [error, cause === undefined ? {} : { cause }]);

/** The one answer to calls and options that do not exist in memory; it names the call. */
export const notImplemented = (call: string): KafkaJSError =>
  construct('KafkaJSNotImplemented', [`${call} is not implemented by memory-kafka`]);

/** What a request in flight is answered with when the connection goes away. */
export const connectionClosed = (host: string, port: number): KafkaJSError =>
  construct('KafkaJSConnectionClosedError', ['Closed connection', { host, port }]);

/** What an attempt to connect is answered with when no broker listens. */
export const connectionRefused = (host: string, port: number): KafkaJSError =>
  new kafkajs.KafkaJSConnectionError(`Connection error: connect ECONNREFUSED ${host}:${port}`, {
    broker: `${host}:${port}`,
    code: 'ECONNREFUSED',
  });

/** The refusal of one topic within `createTopics`. */
export const createTopicError = (type: ProtocolErrorType, topic: string): KafkaJSError =>
  construct('KafkaJSCreateTopicError', [protocolErrorFields(type), topic]);

/** No broker leads the partition that was asked for. */
export const brokerNotFound = (message: string): KafkaJSError =>
  construct('KafkaJSBrokerNotFound', [message, { retriable: false }]);

/** The producer has loaded no partitions of the topic. */
export const metadataNotLoaded = (message: string): KafkaJSError =>
  construct('KafkaJSMetadataNotLoaded', [message]);

/** A subscribed topic has other partitions than at the last assignment. */
export const staleAssignment = (topic: string, unknownPartitions: readonly number[]): KafkaJSError =>
  construct('KafkaJSStaleTopicMetadataAssignment', ['Topic has been updated', { topic, unknownPartitions }]);

/** `error.type` of a protocol error; undefined for everything else. */
export const typeOf = (error: unknown): string | undefined =>
  error instanceof kafkajs.KafkaJSProtocolError ? error.type : undefined;

/** Whether this is an Error, also one from another realm, as those that Node itself throws are under jest. */
export const isError = (thrown: unknown): thrown is Error =>
  thrown instanceof Error || types.isNativeError(thrown);

/** `error.name`; undefined for what is not an Error. */
export const nameOf = (error: unknown): string | undefined => (isError(error) ? error.name : undefined);

/** Whether the answer means 'join the group again'. */
export const isRebalancing = (error: unknown): boolean => {
  const type = typeOf(error);
  return (
    type === 'REBALANCE_IN_PROGRESS' || type === 'NOT_COORDINATOR_FOR_GROUP' || type === 'ILLEGAL_GENERATION'
  );
};

/** An Error, whatever was thrown. */
export const toError = (thrown: unknown): Error => (isError(thrown) ? thrown : new Error(String(thrown)));
