import { deadLetterTopic, TOPIC_NAMES } from '@order-pipeline/contracts';
import { isTransient, type Health } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { EventConsumer } from './consumer/start-consumer.ts';
import { readDeadLetter, type ReadDeadLetter } from './dead-letters-read.ts';
import type { RawMessage } from './event-codec.ts';
import type { Messaging } from './messaging.ts';

/** Nobody has to wait for the dead letters: a service that keeps them is ready while Kafka is down. */
const UNWATCHED: Health = {
  add: () => () => undefined,
  readiness: async () => ({ status: 'ready', checks: {} }),
};

/**
 * Hands every message of the dead letter topics to `keep`, at least once, and commits once it has it. It makes no dead
 * letters itself, and none holds up the ones behind it: one that `keep` cannot take for a reason of its own is logged
 * and stays in its topic.
 *
 * @param options.keep throws UNAVAILABLE where it may take the letter later
 */
export const keepDeadLetters = (options: {
  readonly messaging: Pick<Messaging, 'consume'>;
  readonly logger: Logger;
  readonly keep: (letter: ReadDeadLetter, raw: RawMessage) => Promise<void>;
}): EventConsumer =>
  options.messaging.consume({
    group: 'dead-letters',
    topics: TOPIC_NAMES.map(deadLetterTopic),
    commits: 'when handled',
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
          'a dead letter could not be kept, it stays in its topic',
        );
      }
    },
  });
