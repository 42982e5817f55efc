import type { Broker, Health, Metrics, Runtime, Trace, Tracer } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { PublishDeadLetter } from '../dead-letters.ts';
import type { ReceivedEvent } from '../event-codec.ts';
import type { Publisher } from '../publisher.ts';
import type { TopicSetup } from '../topics.ts';

/**
 * Works all of them or throws; see `processBatch` for what happens then. It may answer some of them: those of orders that
 * somebody keeps locked, which are tried again by themselves while the others go on.
 */
export type HandleEvents = (
  events: readonly ReceivedEvent[],
  /** The trace of what is done for all of them at once, if that is sampled. */
  batch?: Trace,
) => Promise<readonly ReceivedEvent[] | void>;

export interface ConsumerOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly broker: Broker;
  readonly topicSetup: TopicSetup;
  readonly publisher: Publisher;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly health: Health;
  /** Processes a batch of one partition; batches of several partitions are processed side by side. */
  readonly handle: HandleEvents;
  /**
   * When the offsets are committed: once a batch is handled, or only by `processBuffered` where a handler merely takes the
   * messages in and works them later.
   */
  readonly commitMode: 'auto' | 'manual';
  /** How many messages the handler holds that are not processed yet; only where it commits. */
  readonly waiting?: () => number;
  /** What becomes of messages that cannot be processed; if not given, they go to the dead letter topic. */
  readonly deadLetter?: PublishDeadLetter;
  /** Called when partitions are assigned anew: everything that is not committed will be delivered again. */
  readonly onAssigned?: () => void;
}
