import { beginRedrive, type Publisher } from '@order-pipeline/messaging';
import {
  failedWith,
  startPeriodic,
  type Periodic,
  type Runtime,
  type Tracer,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { LetterStore } from './store.ts';
import type { Published, WholeLetter } from './resolution.ts';

/** Letters are up to 2 MiB, and all of a batch are in memory at once. */
const BATCH = 20;
/** How soon the instance that leads finds a letter that another one, or one that died, has left; and the others. */
const POLL_INTERVAL_MS = 1_000;
const STANDBY_POLL_INTERVAL_MS = 10_000;
const MAX_CAUSES = 10;

/** Whether Kafka says that it will never take the message, as kafkajs reports it. */
const isTooLarge = (error: unknown): boolean => {
  let link: unknown = error;
  for (let causes = 0; causes < MAX_CAUSES && link instanceof Error; causes += 1) {
    if ((link as { type?: unknown }).type === 'MESSAGE_TOO_LARGE') return true;
    link = link.cause;
  }
  return false;
};

const idsOf = (letters: readonly WholeLetter[]): string[] => letters.map(({ id }) => id);

const createPublish = (publisher: Pick<Publisher, 'send'>, tracer: Tracer) => {
  const sendTo = async (topic: string, letters: readonly WholeLetter[]): Promise<void> => {
    const redrives = letters.map((letter) => beginRedrive(tracer, letter));
    try {
      await publisher.send(
        topic,
        redrives.map(({ message }) => message),
      );
      for (const { span } of redrives) span?.end();
    } catch (error) {
      for (const { span } of redrives) span?.end(failedWith(error));
      throw error;
    }
  };
  const sendAll = async (letters: readonly WholeLetter[]): Promise<void> => {
    const topics = [...new Set(letters.map(({ topic }) => topic))];
    await Promise.all(
      topics.map((topic) =>
        sendTo(
          topic,
          letters.filter((letter) => letter.topic === topic),
        ),
      ),
    );
  };
  const publish = async (letters: readonly WholeLetter[]): Promise<Published> => {
    try {
      await sendAll(letters);
      return { sent: idsOf(letters), refused: [] };
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      if (letters.length === 1) return { sent: [], refused: idsOf(letters) };
    }
    // One that is too large must not keep the others back.
    const each: Published[] = [];
    for (const letter of letters) each.push(await publish([letter]));
    return { sent: each.flatMap(({ sent }) => sent), refused: each.flatMap(({ refused }) => refused) };
  };
  return publish;
};

/** Publishes the dead letters that operators redrive to the topics they came from, at least once, as long as it runs. */
export const startRedriveRelay = (options: {
  readonly store: LetterStore;
  readonly publisher: Pick<Publisher, 'send'>;
  readonly leads: () => boolean;
  readonly runtime: Runtime;
  readonly tracer: Tracer;
  readonly logger: Logger;
}): Periodic => {
  const { store, leads, logger } = options;
  const publish = createPublish(options.publisher, options.tracer);
  const send = async (letters: readonly WholeLetter[]): Promise<Published> => {
    const published = await publish(letters);
    const refused = new Set(published.refused);
    for (const { id, topic, orderId, group, redrives } of letters) {
      const fields = { letterId: id, topic, orderId, group, redrives: redrives + 1 };
      if (refused.has(id)) logger.error(fields, 'redrive failed: the message is too large for its topic');
      else logger.info(fields, 'dead letter redriven');
    }
    return published;
  };
  let hasFailed = false;
  return startPeriodic({
    name: 'redrive relay',
    intervalMs: () => (leads() || hasFailed ? POLL_INTERVAL_MS : STANDBY_POLL_INTERVAL_MS),
    atStart: true,
    runtime: options.runtime,
    logger,
    work: async () => {
      hasFailed = true;
      const sent = await store.redriveNext(BATCH, send);
      hasFailed = false;
      return sent === BATCH;
    },
  });
};
