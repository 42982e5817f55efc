import { expectCleanAudit } from '@order-pipeline/testing';
import type { Harness } from './harness.ts';

/** Nothing ships here, and what is held has to be held for an order at once. */
const LIMITS = { stockMs: 0, leaveMs: Infinity, orderMs: Infinity };

/**
 * Every order that is not cancelled stands on exactly the reservation that it was stored with, every reservation has its
 * order, and every unit of every item is where the reservations say.
 */
export const expectStockToAddUp = ({ urls }: Harness): Promise<void> =>
  expectCleanAudit({ databases: urls, limits: LIMITS });
