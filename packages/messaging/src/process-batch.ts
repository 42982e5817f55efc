import {
  backoffMs,
  DEAD_LETTERED,
  inSpan,
  isTransient,
  linkBatch,
  logFailure,
  processBatchSpan,
  traceparent,
  type Runtime,
  type Span,
  type SpanEnd,
  type Trace,
  type Tracer,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { PublishDeadLetter } from './dead-letters.ts';
import type { MessagePosition, RawMessage, ReceivedEvent } from './event-codec.ts';

/** How often a message is tried that fails for a reason of its own, before it goes to the dead letters. */
export const MAX_TRIES = 5;

/** What has to be known of a message to put it aside. */
export interface RetryableMessage extends MessagePosition {
  readonly raw: RawMessage;
  /** From when it was received until it is done, if its trace is sampled. */
  readonly span?: Span | undefined;
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
 * Processes a batch until it is done: an unavailable dependency is waited for, as long as it takes; a batch that fails for
 * another reason is processed message by message; a message that keeps failing goes to the dead letters. This is the only
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
      logFailure(options.logger, error, fields, 'message processing failed');
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

/** The message as it is dead-lettered: what becomes of it continues from where it failed. */
const rawInTrace = ({ raw, span }: RetryableMessage): RawMessage =>
  span ? { ...raw, headers: { ...raw.headers, traceparent: traceparent(span.trace) } } : raw;

/** Ends the spans of messages that are done, or of which that is said. */
export const endSpans = (messages: readonly RetryableMessage[], end?: SpanEnd): void => {
  for (const { span } of messages) span?.end(end);
};

/**
 * The same work, recorded as a whole where a message of a sampled trace is in it: in a trace of its own, which it is given.
 *
 * @param work is given the trace of what is done for all of the messages at once, if that is sampled
 */
export const inBatchSpan =
  <M extends RetryableMessage, R>(
    { group, tracer }: { readonly group: string; readonly tracer: Tracer },
    work: (messages: readonly M[], batch?: Trace) => Promise<R>,
  ) =>
  async (messages: readonly M[]): Promise<R> => {
    const spans = messages.flatMap(({ span }) => span ?? []);
    const [first] = messages;
    if (spans.length === 0 || !first) return work(messages);
    const batch = tracer.beginRoot(processBatchSpan(first.topic, group, messages.length));
    linkBatch(batch, spans);
    return inSpan(batch, () => work(messages, batch?.trace));
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
      await options.deadLetter(message, rawInTrace(message), { reason, tries });
      message.span?.end(DEAD_LETTERED);
      await options.runtime.failpoint('consumer.afterDeadLetterBeforeCommit');
      return true;
    } catch (error) {
      logFailure(options.logger, error, { attempt }, 'message could not be sent to the DLQ, retrying');
    }
    await options.pause(backoffMs(options.runtime, attempt));
  }
  return false;
};
