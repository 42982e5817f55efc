import { DEAD_LETTERS_GROUP, deadLetterTopic, TOPIC_NAMES } from '@order-pipeline/contracts';
import { isTransient, type Health } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { EventConsumer } from './consumer/start-consumer.ts';
import { bareDeadLetter, readDeadLetter, type ReadDeadLetter } from './dead-letters-read.ts';
import type { RawMessage } from './event-codec.ts';
import type { Messaging } from './messaging.ts';

/** Nobody has to wait for the dead letters: a service that keeps them is ready while Kafka is down. */
const UNWATCHED: Health = {
  add: () => () => undefined,
  readiness: async () => ({ status: 'ready', checks: {} }),
  leave: () => undefined,
  isLeaving: () => false,
};

/**
 * Hands every message of the dead letter topics to `keep`, at least once, and commits once it has it: never before, since
 * nobody else would look at it again. It makes no dead letters itself. One that `keep` cannot take with what it says of
 * itself is kept as it lies, with its place alone, so that it does not hold up the ones behind it.
 *
 * @param options.keep throws what is transient where it may take the letter later
 */
export const ingestDeadLetters = (options: {
  readonly messaging: Pick<Messaging, 'consume'>;
  readonly logger: Logger;
  readonly keep: (letter: ReadDeadLetter, raw: RawMessage) => Promise<void>;
}): EventConsumer =>
  options.messaging.consume({
    group: DEAD_LETTERS_GROUP,
    topics: TOPIC_NAMES.map(deadLetterTopic),
    commitMode: 'auto',
    health: UNWATCHED,
    // Never called: no message of these topics is an event.
    handle: async () => undefined,
    deadLetter: async (position, raw) => {
      try {
        await options.keep(readDeadLetter(position, raw), raw);
      } catch (error) {
        if (isTransient(error)) throw error;
        options.logger.error(
          { err: error, ...position },
          'dead letter has malformed headers, stored without them',
        );
        await options.keep(bareDeadLetter(position, raw), raw);
      }
    },
  });
