import { types } from 'node:util';
import kafkajs from 'kafkajs';
import type { KafkaJSError, KafkaJSProtocolError } from 'kafkajs';
import { protocolErrorFields, type ProtocolErrorType } from './protocol-errors.ts';

// The error classes are kafkajs's own, so that `instanceof` holds for code written against either package.

/** The refusal of a fetch, with the partition whose log does not have the offset. */
export const offsetOutOfRange = (topic: string, partition: number): KafkaJSError =>
  new kafkajs.KafkaJSOffsetOutOfRange(protocolErrorFields('OFFSET_OUT_OF_RANGE'), { topic, partition });

/** Kafka's numeric code of a refusal. */
export const errorCodeOf = (type: ProtocolErrorType): number => protocolErrorFields(type).code;

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

/** kafkajs says no more where it cannot find out who coordinates a group or a transaction. */
export const coordinatorNotFound = (): KafkaJSError =>
  construct('KafkaJSGroupCoordinatorNotFound', ['Failed to find group coordinator']);

/** The refusal of a partition within `alterPartitionReassignments`, or of all of it. */
export const reassignmentError = (
  type: ProtocolErrorType,
  topic?: string,
  partition?: number,
): KafkaJSError =>
  construct('KafkaJSAlterPartitionReassignmentsError', [protocolErrorFields(type), topic, partition]);

/** An admin client that has asked for nothing yet knows no partitions. */
export const topicMetadataNotLoaded = (topic: string): KafkaJSError =>
  construct('KafkaJSTopicMetadataNotLoaded', ['Topic metadata not loaded', { topic }]);

/** No broker of that name is known. */
export const unknownBroker = (name: string): KafkaJSError =>
  construct('KafkaJSBrokerNotFound', [`Broker ${name} not found in the cached metadata`]);

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

/** Whether a broker has refused because of the client's rights. */
export const isUnauthorized = (error: unknown): boolean =>
  typeOf(error)?.endsWith('_AUTHORIZATION_FAILED') === true;

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
