/** Why new orders are refused for a while. */
export const SHEDDING_REASONS = [
  'OUTBOX_TOO_OLD',
  'OUTBOX_TOO_DEEP',
  'DATABASE_BUSY',
  'QUEUE_TOO_LONG',
] as const;

export type SheddingReason = (typeof SHEDDING_REASONS)[number];

/** What waits in the outbox. */
export interface OutboxBacklog {
  /** How many events. */
  readonly depth: number;
  /** How long the oldest one has waited, in milliseconds; 0 where none waits. */
  readonly ageMs: number;
}

export interface OutboxLimits {
  readonly maxAgeMs: number;
  readonly maxRows: number;
}

/** After a start the relay first has the time to publish what an earlier run has left, however old that is. */
export const START_GRACE_MS = 10_000;

/** What was over its limit is so until it has come down to half of it: otherwise it would be raised again at once. */
const isOver = (wasOver: boolean, value: number, limit: number): boolean =>
  value > (wasOver ? limit / 2 : limit);

/**
 * Which of the outbox's limits is passed.
 *
 * @param was the reasons that stand by now
 * @param upMs for how long this instance has been up
 */
export const decideOutboxShedding = (
  was: ReadonlySet<SheddingReason>,
  { depth, ageMs }: OutboxBacklog,
  { maxAgeMs, maxRows }: OutboxLimits,
  upMs: number,
): { readonly OUTBOX_TOO_OLD: boolean; readonly OUTBOX_TOO_DEEP: boolean } => ({
  OUTBOX_TOO_OLD: upMs >= START_GRACE_MS && isOver(was.has('OUTBOX_TOO_OLD'), ageMs, maxAgeMs),
  OUTBOX_TOO_DEEP: isOver(was.has('OUTBOX_TOO_DEEP'), depth, maxRows),
});

interface Answer {
  readonly sentence: string;
  /** When it is worth trying again, in seconds. */
  readonly retryAfterS: number;
}

/** What a client is answered. */
export const SHEDDING_RESPONSES: Readonly<Record<SheddingReason, Answer>> = {
  OUTBOX_TOO_OLD: {
    sentence: 'Orders cannot be passed on for now, so no new ones are taken, try again in a moment',
    retryAfterS: 5,
  },
  OUTBOX_TOO_DEEP: {
    sentence: 'Too many orders wait to be passed on, so no new ones are taken, try again in a moment',
    retryAfterS: 5,
  },
  DATABASE_BUSY: {
    sentence: 'The database is too busy to take new orders, try again in a moment',
    retryAfterS: 2,
  },
  QUEUE_TOO_LONG: {
    sentence: 'More orders arrive than can be placed, try again in a moment',
    retryAfterS: 1,
  },
};
