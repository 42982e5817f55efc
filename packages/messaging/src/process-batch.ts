import { backoffMs, isTransient, logFailure, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { PublishDeadLetter } from './dead-letters.ts';
import type { MessagePosition, RawMessage, ReceivedEvent } from './event-codec.ts';

/** How often a message is tried that fails for a reason of its own, before it goes to the dead letters. */
export const MAX_TRIES = 5;

/** What has to be known of a message to put it aside. */
export interface RetryableMessage extends MessagePosition {
  readonly raw: RawMessage;
}

export interface ProcessOptions<M extends RetryableMessage = ReceivedEvent> {
  /** Works all of them or throws. A message may come again, so what was done already must not be done twice. */
  readonly handle: (messages: readonly M[]) => Promise<void>;
  readonly deadLetter: PublishDeadLetter;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Waits `ms` milliseconds, or less when the consumer stops, and keeps the consumer in its group. */
  readonly pause: (ms: number) => Promise<void>;
  /** Whether the messages are still this consumer's to work. */
  readonly isOurs: () => boolean;
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/**
 * Works a batch until it is done: a part that is down is waited for, as long as it takes; a batch that fails for
 * another reason is worked message by message; a message that keeps failing goes to the dead letters. This is the only
 * place that decides between trying again and giving up.
 *
 * @returns whether the batch is done; false when it stopped being ours, and will be delivered again
 */
export const processBatch = async <M extends RetryableMessage>(
  messages: readonly M[],
  options: ProcessOptions<M>,
): Promise<boolean> => {
  for (let attempt = 1; options.isOurs(); attempt += 1) {
    try {
      await options.handle(messages);
      return true;
    } catch (error) {
      const [first] = messages;
      const transient = isTransient(error);
      const fields = { attempt, transient, messages: messages.length };
      logFailure(options.logger, error, fields, 'messages could not be worked');
      if (!transient && messages.length > 1) return processOneByOne(messages, options);
      if (!transient && attempt >= MAX_TRIES && first)
        return sendToDlq(first, reasonOf(error), attempt, options);
    }
    await options.pause(backoffMs(options.runtime, attempt));
  }
  return false;
};

const processOneByOne = async <M extends RetryableMessage>(
  messages: readonly M[],
  options: ProcessOptions<M>,
): Promise<boolean> => {
  for (const message of messages) {
    if (!(await processBatch([message], options))) return false;
  }
  return true;
};

/** Puts a message into the dead letters, and waits for Kafka to take it: it is never dropped. */
export const sendToDlq = async (
  message: RetryableMessage,
  reason: string,
  tries: number,
  options: Omit<ProcessOptions, 'handle'>,
): Promise<boolean> => {
  for (let attempt = 1; options.isOurs(); attempt += 1) {
    try {
      await options.deadLetter(message, message.raw, { reason, tries });
      await options.runtime.failpoint('consumer.afterDeadLetterBeforeCommit');
      return true;
    } catch (error) {
      logFailure(
        options.logger,
        error,
        { attempt },
        'a message could not be put aside, it will be tried again',
      );
    }
    await options.pause(backoffMs(options.runtime, attempt));
  }
  return false;
};
