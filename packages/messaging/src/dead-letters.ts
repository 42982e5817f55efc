import { deadLetterTopic } from '@order-pipeline/contracts';
import { timeOfDay, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import type { IHeaders } from 'kafkajs';
import type { Logger } from 'pino';
import { headerText, type MessagePosition, type RawMessage } from './event-codec.ts';
import type { Publisher } from './publisher.ts';

/**
 * The headers that a dead letter has beside those that the message had. Four of them stay on a message that is
 * redriven: `tries`, `group`, which it is for then, and the two that are put there at that moment.
 */
export const DEAD_LETTER_HEADERS = {
  reason: 'dlq.reason',
  topic: 'dlq.topic',
  partition: 'dlq.partition',
  offset: 'dlq.offset',
  tries: 'dlq.tries',
  group: 'dlq.group',
  at: 'dlq.at',
  /** How often operators have redriven the message. */
  redrives: 'dlq.redrives',
  /** The id of the letter that was redriven. */
  letter: 'dlq.letter',
} as const;

/** Sends a message that cannot be processed to the DLQ, with why, from where, and how often it was tried. */
export type PublishDeadLetter = (
  position: MessagePosition,
  raw: RawMessage,
  failure: { readonly reason: string; readonly tries: number },
) => Promise<void>;

/** A reason may quote the message; with a long one the dead letter would be larger than Kafka takes. */
const MAX_REASON_LENGTH = 1_000;
const TRIES = /^\d{1,9}$/;

const triesBefore = (raw: RawMessage): number => {
  const tries = headerText(raw.headers, DEAD_LETTER_HEADERS.tries) ?? '';
  return TRIES.test(tries) ? Number(tries) : 0;
};

/** The headers as they can be sent: Kafka knows headers without a value, which kafkajs receives but cannot send. */
export const sendable = (headers: IHeaders = {}): IHeaders =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((one) => one ?? '') : (value ?? ''),
    ]),
  );

/**
 * Tries add up over redrives.
 *
 * @param options.group the consumer group that failed to process the message
 */
export const createDeadLetterPublisher = (options: {
  readonly group: string;
  readonly publisher: Pick<Publisher, 'send'>;
  readonly runtime: Pick<Runtime, 'wallClock'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): PublishDeadLetter => {
  const counter = options.metrics.counter('dead_letters_total');
  return async ({ topic, partition, offset }, raw, { reason, tries }) => {
    const shortReason = reason.slice(0, MAX_REASON_LENGTH);
    const headers = {
      ...sendable(raw.headers),
      [DEAD_LETTER_HEADERS.reason]: shortReason,
      [DEAD_LETTER_HEADERS.topic]: topic,
      [DEAD_LETTER_HEADERS.partition]: String(partition),
      [DEAD_LETTER_HEADERS.offset]: offset,
      [DEAD_LETTER_HEADERS.tries]: String(triesBefore(raw) + tries),
      [DEAD_LETTER_HEADERS.group]: options.group,
      [DEAD_LETTER_HEADERS.at]: timeOfDay(options.runtime),
    };
    await options.publisher.send(deadLetterTopic(topic), [{ key: raw.key, value: raw.value, headers }]);
    counter.add({ topic, group: options.group });
    options.logger.error({ topic, partition, offset, reason: shortReason, tries }, 'message sent to the DLQ');
  };
};
