import { deadLetterTopic } from '@order-pipeline/contracts';
import type { Metrics, Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { headerText, type MessagePosition, type RawMessage } from './event-codec.ts';
import type { Publisher } from './publisher.ts';

/** The headers that a dead letter bears beside those that the message had. */
export const DEAD_LETTER_HEADERS = {
  reason: 'dlq.reason',
  topic: 'dlq.topic',
  partition: 'dlq.partition',
  offset: 'dlq.offset',
  tries: 'dlq.tries',
  group: 'dlq.group',
  at: 'dlq.at',
} as const;

/** Puts a message that cannot be worked aside, with why, from where, and how often it was tried. */
export type DeadLetter = (
  position: MessagePosition,
  raw: RawMessage,
  failure: { readonly reason: string; readonly tries: number },
) => Promise<void>;

const triesBefore = (raw: RawMessage): number =>
  Number(headerText(raw.headers, DEAD_LETTER_HEADERS.tries) ?? 0) || 0;

/**
 * Tries add up over the times that an operator has sent the message back.
 *
 * @param options.group the consumer group that could not work the message
 */
export const createDeadLetter = (options: {
  readonly group: string;
  readonly publisher: Publisher;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): DeadLetter => {
  const counter = options.metrics.counter('dead_letters_total', 'Messages put aside, by topic and group', [
    'topic',
    'group',
  ]);
  return async ({ topic, partition, offset }, raw, { reason, tries }) => {
    const headers = {
      ...raw.headers,
      [DEAD_LETTER_HEADERS.reason]: reason,
      [DEAD_LETTER_HEADERS.topic]: topic,
      [DEAD_LETTER_HEADERS.partition]: String(partition),
      [DEAD_LETTER_HEADERS.offset]: offset,
      [DEAD_LETTER_HEADERS.tries]: String(triesBefore(raw) + tries),
      [DEAD_LETTER_HEADERS.group]: options.group,
      [DEAD_LETTER_HEADERS.at]: new Date(options.runtime.now()).toISOString(),
    };
    await options.publisher.send(deadLetterTopic(topic), [{ key: raw.key, value: raw.value, headers }]);
    counter.add({ topic, group: options.group });
    options.logger.error({ topic, partition, offset, reason, tries }, 'put a message into the dead letters');
  };
};
