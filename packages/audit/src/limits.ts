/** How long something may take before it counts as wrong, in milliseconds. */
export interface AuditLimits {
  /**
   * How long an order may stand in a status that is not terminal. More than `REPUBLISH_AFTER_MS`, after which its event is published
   * again.
   */
  readonly orderMs: number;
  /** How long stock may be held for an order that is not there yet, or that is cancelled. */
  readonly stockMs: number;
  /** How long the stock of a shipped order may still be held. */
  readonly leaveMs: number;
  /** How long an event may wait in the outbox. */
  readonly outboxMs: number;
  /** How long a step may be without its event in Kafka. */
  readonly eventMs: number;
  /** How far the clocks of the services may be apart, or be set back. */
  readonly clockMs: number;
}

/** For a system at its default settings, which repairs a stuck order within ten minutes and a reservation within five. */
export const DEFAULT_LIMITS: AuditLimits = {
  orderMs: 900_000,
  stockMs: 900_000,
  leaveMs: 900_000,
  outboxMs: 60_000,
  eventMs: 900_000,
  clockMs: 60_000,
};

/** How many ids of each kind of violation are listed. */
export const DEFAULT_EXAMPLES = 20;
