import type { IHeaders, Message } from 'kafkajs';
import { deadLetterTopic } from '@order-pipeline/contracts';
import { DEAD_LETTER_HEADERS, sendable } from './dead-letters.ts';
import { sendBacksOf } from './dead-letters-read.ts';
import { headerText, type RawMessage } from './event-codec.ts';

const { sendBacks, letter, group, tries: _, ...ofTheFailure } = DEAD_LETTER_HEADERS;
const DEAD_LETTER_SUFFIX = deadLetterTopic('');
const DROPPED = new Set<string>(Object.values(ofTheFailure));

/**
 * The message of a dead letter as it goes back to the topic that it came from: key and value as they were, and its
 * headers without those of the failure. What stays of them travels along: how often it was tried and sent back, which
 * letter it was, and which group it is for.
 *
 * @param letterId the id of the letter
 */
export const messageToSendBack = (letterId: string, { key, value, headers = {} }: RawMessage): Message => {
  const kept = Object.entries(headers).filter(([name]) => !DROPPED.has(name));
  return {
    key,
    value,
    headers: {
      ...sendable(Object.fromEntries(kept)),
      [sendBacks]: String(sendBacksOf(headers) + 1),
      [letter]: letterId,
    },
  };
};

/**
 * Whether a message was sent back for another group than this one: several may hear a topic, and one that has worked
 * the message need not do it again. Without this, a message that nobody can work would become a dead letter of
 * every group each time that one of them is sent back.
 */
export const isSentBackToAnother = (
  topic: string,
  headers: IHeaders | undefined,
  ownGroup: string,
): boolean => {
  // What lies in the dead letters is for who keeps them, whatever it says.
  if (topic.endsWith(DEAD_LETTER_SUFFIX) || sendBacksOf(headers) === 0) return false;
  const addressee = headerText(headers, group);
  return addressee !== undefined && addressee !== ownGroup;
};
