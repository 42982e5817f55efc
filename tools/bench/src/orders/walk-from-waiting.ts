import { CliError } from '@order-pipeline/cli/kit';
import type { OrderSource } from '../load/orders.ts';
import { placeOrders, type Placing } from '../load/place.ts';
import type { System } from '../system/system.ts';
import { outboxDrained } from './audited.ts';
import { CONNECTIONS } from './sizes.ts';
import { allArrived, databaseTime, readWalk, type Walk } from './walk.ts';

const TRIES = 4;
const WALK_LIMIT_MS = 240_000;

export interface WalkParts {
  readonly system: System;
  readonly source: OrderSource;
  readonly orders: number;
  readonly workflowIntervalMs: number;
  /** Whether to wait for a turn of the workflow first: where much else has been done since the last one. */
  readonly afterTurn: boolean;
}

export interface Walked {
  readonly walk: Walk;
  /** The placing of the orders that walked. */
  readonly placing: Placing;
  /** All that were placed, those too that did not count. */
  readonly placings: readonly Placing[];
}

const place = ({ system, source }: WalkParts, amount: number, connections: number): Promise<Placing> =>
  placeOrders({ url: system.url, source, connections, extent: { amount } });

const arrived = ({ system, workflowIntervalMs }: WalkParts): Promise<void> =>
  allArrived(system.databases.orders, workflowIntervalMs + WALK_LIMIT_MS);

/** Lets one order walk, since right after the workflow's turn its next one is farthest away. */
const letOneWalk = async (parts: WalkParts): Promise<Placing> => {
  const placing = await place(parts, 1, 1);
  await arrived(parts);
  return placing;
};

interface Tried {
  readonly walk: Walk;
  readonly placing: Placing;
  /** Whether all waited when the workflow's turn came. */
  readonly waited: boolean;
}

const tryWalk = async (parts: WalkParts): Promise<Tried> => {
  const { orders } = parts.system.databases;
  const since = await databaseTime(orders);
  const placing = await place(parts, parts.orders, CONNECTIONS);
  await outboxDrained(parts.system);
  const waitingSince = await databaseTime(orders);
  await arrived(parts);
  const walk = await readWalk(orders, since);
  return { walk, placing, waited: walk.firstProcessingAt > waitingSince };
};

/**
 * The walk of orders that all waited for the workflow's turn. Where that came too early, others are placed: right after
 * the last of those has arrived there is time enough.
 *
 * @throws CliError when it came too early again and again
 */
export const walkFromWaiting = async (parts: WalkParts): Promise<Walked> => {
  const placings = parts.afterTurn ? [await letOneWalk(parts)] : [];
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const { walk, placing, waited } = await tryWalk(parts);
    placings.push(placing);
    if (waited) return { walk, placing, placings };
  }
  throw new CliError(
    `The workflow's turn came ${TRIES} times before all orders were placed: this machine is too slow or too busy.`,
  );
};
