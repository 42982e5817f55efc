import { createHash } from 'node:crypto';
import { deadLetterTopic, TOPIC_NAMES, type Topic } from '@order-pipeline/contracts';
import type { IHeaders } from 'kafkajs';
import { DEAD_LETTER_HEADERS } from './dead-letters.ts';
import { headerText, type MessagePosition, type RawMessage } from './event-codec.ts';

/** What a message of a dead letter topic says of itself. */
export interface ReadDeadLetter {
  /** Made from the group, the place and the time of the failure: read again, it is the same. */
  readonly id: string;
  /** Where the message stood that failed. */
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: string;
  readonly group: string;
  readonly reason: string;
  readonly tries: number;
  readonly redrives: number;
  /** The letter that was redriven and became this one. */
  readonly previousId: string | undefined;
  /** The key, where it can be the id of an order. */
  readonly orderId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly failedAt: number;
}

const ORDER_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const LETTER_ID = /^[0-9a-f]{24}$/;
const ID_LENGTH = 24;
const WHOLE_NUMBER = /^\d{1,9}$/;
const OFFSET = /^\d{1,18}$/;
/** PostgreSQL's years end there, and JavaScript's before year 0 are written in another way. */
const LATEST = Date.UTC(9999, 0);

const numberIn = (headers: IHeaders | undefined, name: string): number | undefined => {
  const text = headerText(headers, name) ?? '';
  return WHOLE_NUMBER.test(text) ? Number(text) : undefined;
};

const matching = (pattern: RegExp, text: string | undefined): string | undefined =>
  text !== undefined && pattern.test(text) ? text : undefined;

const timeOf = (text: string | undefined): number | undefined => {
  const at = Date.parse(text ?? '');
  return at >= 0 && at <= LATEST ? at : undefined;
};

/** How often a message was redriven before; 0 where its headers do not say so. */
export const redrivesOf = (headers: IHeaders | undefined): number =>
  numberIn(headers, DEAD_LETTER_HEADERS.redrives) ?? 0;

const idOf = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, ID_LENGTH);

const topicOfLetter = (name: string): Topic => {
  const topic = TOPIC_NAMES.find((one) => deadLetterTopic(one) === name);
  if (!topic) throw new Error(`${name} is not a topic of dead letters`);
  return topic;
};

/**
 * A message of a dead letter topic, whatever its headers say: it stands for itself, with its own place and time.
 *
 * @throws Error when the topic is not a dead letter topic
 */
export const bareDeadLetter = (position: MessagePosition, { timestamp }: RawMessage): ReadDeadLetter => {
  const { topic, partition, offset } = position;
  const at = Number(timestamp);
  return {
    id: idOf(['bare', topic, partition, offset, timestamp]),
    topic: topicOfLetter(topic),
    partition,
    offset,
    group: 'unknown',
    reason: 'what it says of itself cannot be stored',
    tries: 0,
    redrives: 0,
    previousId: undefined,
    orderId: undefined,
    failedAt: at >= 0 && at <= LATEST ? at : 0,
  };
};

/**
 * Reads a message of a dead letter topic. It never fails: somebody may have put it there by hand, and then it stands
 * for itself, with its own place and time.
 *
 * @param position where the dead letter itself stands
 * @throws Error when the topic is not a dead letter topic
 */
export const readDeadLetter = (
  position: MessagePosition,
  { key, headers, timestamp }: RawMessage,
): ReadDeadLetter => {
  const topic = topicOfLetter(position.topic);
  const partition = numberIn(headers, DEAD_LETTER_HEADERS.partition);
  const offset = matching(OFFSET, headerText(headers, DEAD_LETTER_HEADERS.offset));
  const origin = partition === undefined || offset === undefined ? position : { partition, offset };
  const group = headerText(headers, DEAD_LETTER_HEADERS.group) ?? 'unknown';
  const at = headerText(headers, DEAD_LETTER_HEADERS.at);
  return {
    id: idOf([group, topic, origin.partition, origin.offset, at ?? timestamp]),
    topic,
    partition: origin.partition,
    offset: origin.offset,
    group,
    reason: headerText(headers, DEAD_LETTER_HEADERS.reason) ?? 'it does not say why',
    tries: numberIn(headers, DEAD_LETTER_HEADERS.tries) ?? 0,
    redrives: redrivesOf(headers),
    previousId: matching(LETTER_ID, headerText(headers, DEAD_LETTER_HEADERS.letter)),
    orderId: matching(ORDER_ID, key?.toString()),
    failedAt: timeOf(at) ?? Number(timestamp ?? 0),
  };
};
