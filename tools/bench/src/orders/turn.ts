import { placeOrders, type Placing, type PlacingOptions } from '../load/place.ts';
import type { Figure } from '../report/report.ts';
import type { EmbeddedSystem } from '../system/embedded.ts';
import { processorTimesOf, timeBetween, type TreeTime } from '../system/process-tree.ts';
import { outboxDrained } from './audited.ts';
import { CONNECTIONS } from './sizes.ts';

const US_PER_MS = 1_000;
const UNKNOWN: TreeTime = { root: Number.NaN, others: Number.NaN };

/** What one turn of a system brought; processor times are microseconds an order, NaN where the operating system does not tell them. */
export interface Turn {
  readonly rate: number;
  readonly services: number;
  readonly postgres: number;
}

/** A system that takes turns with others. */
export interface Side {
  readonly system: EmbeddedSystem;
  readonly source: PlacingOptions['source'];
  /** The token of a user, where access control is on. */
  readonly tokenOf?: PlacingOptions['tokenOf'];
  readonly placings: Placing[];
}

/** Places orders until all their events are published. */
export const takeTurn = async (
  { system, source, tokenOf, placings }: Side,
  orders: number,
): Promise<Turn> => {
  const before = await processorTimesOf(system.pid);
  const placing = await placeOrders({
    url: system.url,
    source,
    connections: CONNECTIONS,
    extent: { amount: orders },
    ...(tokenOf ? { tokenOf } : {}),
  });
  await outboxDrained(system);
  const after = await processorTimesOf(system.pid);
  placings.push(placing);
  const { root, others } = before && after ? timeBetween(before, after) : UNKNOWN;
  const each = (ms: number): number => (ms * US_PER_MS) / orders;
  return { rate: placing.rate, services: each(root), postgres: each(others) };
};

/** The figures of processor time, as far as the operating system tells it. */
export const toldByTheSystem = (figures: readonly Figure[]): Figure[] =>
  figures.filter(({ result }) => !result.some(Number.isNaN));
