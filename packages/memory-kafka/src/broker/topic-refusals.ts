import type { ITopicConfig, ITopicPartitionConfig } from 'kafkajs';
import type { ProtocolErrorType } from '../protocol-errors.ts';
import { parseTopicConfig } from './topic-config.ts';

const LEGAL_NAME = /^[\w.-]{1,249}$/;

/** What is -1, or missing, is left to the broker. */
const BROKERS_CHOICE = -1;

/** Whether a topic may be called so. */
export const isLegalName = (name: string): boolean => LEGAL_NAME.test(name) && name !== '.' && name !== '..';

/** Names that differ in '.' and '_' alone would share the names of their metrics. */
const metricsName = (name: string): string => name.replaceAll('.', '_');

/** Whether `name` cannot stand beside one of `names`. */
export const collides = (name: string, names: Iterable<string>): boolean => {
  const wanted = metricsName(name);
  for (const each of names) if (each !== name && metricsName(each) === wanted) return true;
  return false;
};

const isUnsaid = (count: number | undefined): boolean => (count ?? BROKERS_CHOICE) === BROKERS_CHOICE;

/** Every partition has the same number of replicas, on different brokers; the brokers are called 1, 2 and so on. */
export const areReplicas = (assignments: readonly (readonly number[])[], brokerCount: number): boolean =>
  assignments.every(
    (replicas) =>
      replicas.length > 0 &&
      replicas.length === assignments[0]?.length &&
      new Set(replicas).size === replicas.length &&
      replicas.every((nodeId) => nodeId >= 1 && nodeId <= brokerCount),
  );

const assignmentRefusal = (config: ITopicConfig, brokerCount: number): ProtocolErrorType | undefined => {
  if (!isUnsaid(config.numPartitions) || !isUnsaid(config.replicationFactor)) return 'INVALID_REQUEST';
  const assignment = (config.replicaAssignment ?? []).toSorted((a, b) => a.partition - b.partition);
  const isGapless = assignment.every(({ partition }, index) => partition === index);
  const replicas = assignment.map((each) => each.replicas);
  return isGapless && areReplicas(replicas, brokerCount) ? undefined : 'INVALID_REPLICA_ASSIGNMENT';
};

const countRefusal = (
  { numPartitions = BROKERS_CHOICE, replicationFactor = BROKERS_CHOICE }: ITopicConfig,
  brokerCount: number,
): ProtocolErrorType | undefined => {
  if (!isUnsaid(numPartitions) && !(numPartitions >= 1)) return 'INVALID_PARTITIONS';
  const isEnough = replicationFactor >= 1 && replicationFactor <= brokerCount;
  return isUnsaid(replicationFactor) || isEnough ? undefined : 'INVALID_REPLICATION_FACTOR';
};

/** Why a topic cannot be created among those that there are; undefined if it can. */
export const creationRefusal = (
  config: ITopicConfig,
  names: ReadonlyMap<string, unknown>,
  brokerCount: number,
): ProtocolErrorType | undefined => {
  if (!isLegalName(config.topic)) return 'INVALID_TOPIC_EXCEPTION';
  if (names.has(config.topic)) return 'TOPIC_ALREADY_EXISTS';
  if (collides(config.topic, names.keys())) return 'INVALID_TOPIC_EXCEPTION';
  const isAssigned = (config.replicaAssignment ?? []).length > 0;
  const refused = isAssigned ? assignmentRefusal(config, brokerCount) : countRefusal(config, brokerCount);
  if (refused !== undefined) return refused;
  return parseTopicConfig(config.configEntries ?? []) === undefined ? 'INVALID_CONFIG' : undefined;
};

/** Why a topic of `partitions` partitions cannot get as many as asked for; undefined if it can. */
export const growthRefusal = (
  { count, assignments = [] }: ITopicPartitionConfig,
  partitions: number,
  brokerCount: number,
): ProtocolErrorType | undefined => {
  if (!(count > partitions)) return 'INVALID_PARTITIONS';
  if (assignments.length === 0) return undefined;
  const fits = assignments.length === Math.trunc(count) - partitions;
  return fits && areReplicas(assignments, brokerCount) ? undefined : 'INVALID_REPLICA_ASSIGNMENT';
};
