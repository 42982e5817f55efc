import type { IHeaders, Message } from 'kafkajs';
import { deadLetterTopic } from '@order-pipeline/contracts';
import { DEAD_LETTER_HEADERS, sendable } from './dead-letters.ts';
import { redrivesOf } from './dead-letters-read.ts';
import { headerText, type RawMessage } from './event-codec.ts';
import {
  publishSpan,
  readTraceparent,
  traceparent,
  type Span,
  type Tracer,
} from '@order-pipeline/service-kit';

const { redrives, letter, group, tries: _, ...ofTheFailure } = DEAD_LETTER_HEADERS;
const DEAD_LETTER_SUFFIX = deadLetterTopic('');
const DROPPED = new Set<string>(Object.values(ofTheFailure));

/**
 * The message of a dead letter as it goes back to the topic that it came from: key and value as they were, and its
 * headers without those of the failure. What stays of them travels along: how often it was tried and redriven, which
 * letter it was, and which group it is for.
 *
 * @param letterId the id of the letter
 */
export const redriveMessage = (letterId: string, { key, value, headers = {} }: RawMessage): Message => {
  const kept = Object.entries(headers).filter(([name]) => !DROPPED.has(name));
  return {
    key,
    value,
    headers: {
      ...sendable(Object.fromEntries(kept)),
      [redrives]: String(redrivesOf(headers) + 1),
      [letter]: letterId,
    },
  };
};

/**
 * The same, as a step of the trace that the message belongs to, if that is sampled.
 *
 * @returns the message, and its span, to be ended when Kafka has it
 */
export const beginRedrive = (
  tracer: Tracer,
  lettered: {
    readonly id: string;
    readonly topic: string;
    readonly orderId: string | null;
    readonly raw: RawMessage;
  },
): { readonly message: Message; readonly span: Span | undefined } => {
  const { id, topic, orderId, raw } = lettered;
  const message = redriveMessage(id, raw);
  const trace = readTraceparent(headerText(raw.headers, 'traceparent'));
  const span = trace && tracer.begin(trace, publishSpan('redrive', { topic, orderId: orderId ?? undefined }));
  if (!span) return { message, span };
  return {
    message: { ...message, headers: { ...message.headers, traceparent: traceparent(span.trace) } },
    span,
  };
};

/**
 * Whether a message was redriven for another group than this one: several may consume a topic, and one that has
 * processed the message need not do it again. Without this, a message that nobody can process would become a dead letter
 * of every group at each redrive.
 */
export const isRedriveForOtherGroup = (
  topic: string,
  headers: IHeaders | undefined,
  ownGroup: string,
): boolean => {
  // What lies in the dead letters is for who keeps them, whatever it says.
  if (topic.endsWith(DEAD_LETTER_SUFFIX) || redrivesOf(headers) === 0) return false;
  const addressee = headerText(headers, group);
  return addressee !== undefined && addressee !== ownGroup;
};
