import { TOPIC_OF, type StatusOnTheWay, type StuckReason, type Topic } from '@order-pipeline/contracts';

/** The topic on which the next worker of a status consumes its event. */
export const topicFor = (status: StatusOnTheWay): Topic => TOPIC_OF[status];

/** What is known about a stuck order. */
export interface StuckFacts {
  readonly isReservationMissing: boolean;
  readonly hasDeadLetter: boolean;
  readonly isInOutbox: boolean;
  /** Somebody keeps its row in the database locked. */
  readonly isLocked: boolean;
  readonly isConsumerStalled: boolean;
}

/** EVENT_LOST is what is left: it was published, the worker has nothing left to do, and the order was not moved. */
export const decideReason = (facts: StuckFacts): StuckReason => {
  if (facts.isReservationMissing) return 'RESERVATION_MISSING';
  if (facts.hasDeadLetter) return 'DEAD_LETTER';
  if (facts.isInOutbox) return 'EVENT_NOT_PUBLISHED';
  if (facts.isLocked) return 'ROW_LOCKED';
  return facts.isConsumerStalled ? 'CONSUMER_NOT_PROGRESSING' : 'EVENT_LOST';
};

/**
 * Whether a worker's group makes no progress. One that works a message for the first time, or gathers messages for its
 * next turn, has lag too: it counts only when it has made no progress for a while.
 *
 * @param seen its group, or nothing where Kafka did not answer
 */
export const isStalled = (
  seen: { readonly members: number; readonly standsForMs: number } | undefined,
  forMs: number,
): boolean => seen === undefined || seen.members === 0 || seen.standsForMs >= forMs;
