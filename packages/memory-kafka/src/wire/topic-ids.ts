import { createHash } from 'node:crypto';
import type { Core } from '../broker/core.ts';

const UUID_BYTES = 16;

/** A topic's id, which its name decides: a topic that is made again has the same one. */
export const topicIdOf = (name: string): Buffer =>
  createHash('sha256').update(name).digest().subarray(0, UUID_BYTES);

/** The name of the topic with this id; '' if there is none. */
export const nameOfTopic = ({ topics }: Core, id: Buffer): string =>
  topics.names().find((name) => topicIdOf(name).equals(id)) ?? '';
