import type { ConsumerSubscribeTopic, ConsumerSubscribeTopics, TopicPartitionOffset } from 'kafkajs';
import { nonRetriable } from '../errors.ts';
import { shown, toPartition } from './typing-gaps.ts';
import type { PauseTarget } from './subscription-state.ts';

/** The message of whatever needs a running consumer. */
export const NOT_RUNNING = 'Consumer group was not initialized, consumer#run must be called first';

const SPECIAL_OFFSETS = new Set(['-1', '-2']);

const NO_NUMBERS = new Set(['NaN', 'Infinity', '+Infinity', '-Infinity']);

/** What kafkajs makes of an offset without a compiler: NaN and the infinities stand for 0. */
const toLong = (offset: unknown): bigint => {
  if (typeof offset === 'bigint') return offset;
  if (offset === '') throw new TypeError('no digits');
  const text = String(offset);
  return NO_NUMBERS.has(text) ? 0n : BigInt(text);
};

const parseOffset = (offset: unknown): bigint => {
  try {
    return toLong(offset);
  } catch {
    throw nonRetriable(`Invalid offset, expected a long received ${String(offset)}`);
  }
};

/** The offset as a number; throws what kafkajs throws for a topic, partition or offset that makes no sense. */
export const checkedOffset = (
  { topic, partition, offset }: TopicPartitionOffset,
  allowSpecial: boolean,
): number => {
  if (!topic) throw nonRetriable(`Invalid topic ${topic}`);
  if (Number.isNaN(toPartition(partition))) {
    throw nonRetriable(`Invalid partition, expected a number received ${partition}`);
  }
  const parsed = parseOffset(offset);
  if (parsed < 0n && !(allowSpecial && SPECIAL_OFFSETS.has(String(parsed)))) {
    throw nonRetriable('Offset must not be a negative number');
  }
  return Number(parsed);
};

/** The text or null that may go with a committed offset. */
export const checkedMetadata = (metadata: unknown): string | null => {
  if (metadata === null || metadata === undefined) return null;
  if (typeof metadata === 'string') return metadata;
  throw nonRetriable(`Invalid offset metadata, expected string or null, received ${shown(metadata)}`);
};

/** Throws for targets of `pause` or `resume` (`verb`) that make no sense. */
export const checkPauseTargets = (targets: readonly PauseTarget[], verb: string): void => {
  for (const target of targets) {
    if (!target?.topic) throw nonRetriable(`Invalid topic ${target?.topic || shown(target)}`);
    const { partitions } = target;
    if (partitions === undefined) continue;
    if (!Array.isArray(partitions) || partitions.some((partition) => Number.isNaN(Number(partition)))) {
      throw nonRetriable(
        `Array of valid partitions required to ${verb} specific partitions instead of ${String(partitions)}`,
      );
    }
  }
};

/** The topics of a subscription, names and patterns. */
export const subscribedTopics = (
  subscription: ConsumerSubscribeTopics | ConsumerSubscribeTopic,
): (string | RegExp)[] => {
  const { topic, topics } = { topic: undefined, topics: undefined, ...subscription };
  if (!topic && !topics) throw nonRetriable('Missing required argument "topics"');
  if (topics !== undefined && topics !== null && !Array.isArray(topics)) {
    throw nonRetriable('Argument "topics" must be an array');
  }
  const all: (string | RegExp)[] = topics ?? (topic === undefined ? [] : [topic]);
  for (const each of all) {
    if (typeof each !== 'string' && !(each instanceof RegExp)) {
      throw nonRetriable(
        `Invalid topic ${String(each)} (${typeof each}), the topic name has to be a String or a RegExp`,
      );
    }
  }
  return all;
};
