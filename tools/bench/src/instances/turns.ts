import { setTimeout as pause } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import { SECOND_MS } from '@order-pipeline/service-kit';
import { readTransactions, readUsed, type Used } from '../cost/counters.ts';
import { placePaced } from '../load/place-paced.ts';
import { placeOrders, type Placing } from '../load/place.ts';
import type { OrderSource } from '../load/orders.ts';
import { outboxDrained } from '../orders/audited.ts';
import { CONNECTIONS } from '../orders/sizes.ts';
import { allArrived } from '../orders/walk.ts';
import { processorTimesOf, timeBetween } from '../system/process-tree.ts';
import { withDatabase } from '../system/databases.ts';
import type { ManySystem } from './system.ts';

const UNKNOWN = { root: Number.NaN, others: Number.NaN };
const ARRIVAL_LIMIT_MS = 120_000;
/** Orders by which a turn begins, so that the sessions that idle pools have closed are open again. */
const FIRST_ORDERS = 64;
/** A session of PostgreSQL that has nothing more to do reports its last transactions after ten seconds. */
const REPORTED_AFTER_MS = 10_500;

/** What a system takes while nobody asks it for anything, each second: bytes, transactions, milliseconds of processor time. */
export type Idle = Omit<Used, 'messages'>;

/** A system that takes turns with others. */
export interface Side {
  readonly system: ManySystem;
  readonly source: OrderSource;
  readonly placings: Placing[];
  /** Resolves when PostgreSQL has counted all that its last turn did. */
  settled: Promise<unknown>;
  idle: Idle;
}

/** What an order took of each counter, beyond what the idle system takes in the time. */
export interface Cost extends Used {
  /** Orders placed a second. */
  readonly rate: number;
  /** The sessions of PostgreSQL that the services had at the end. */
  readonly connections: number;
}

/** How the orders of a turn come. */
export interface Load {
  readonly orders: number;
  /** Orders a second, at an even pace; without it each is placed as soon as a connection is free. */
  readonly ratePerS?: number;
}

/** Places the orders through all gateways in turn. */
const place = async ({ system, source }: Side, { orders, ratePerS }: Load): Promise<Placing[]> => {
  const count = system.gateways.length;
  const amount = Math.ceil(orders / count);
  const connections = Math.ceil(CONNECTIONS / count);
  return Promise.all(
    system.gateways.map(async (url, index) => {
      if (ratePerS === undefined) return placeOrders({ url, source, connections, extent: { amount } });
      // Each takes every so-manieth order, so they begin one after the other.
      await pause((index * SECOND_MS) / ratePerS);
      return placePaced({ url, source, connections, amount, ratePerS: ratePerS / count });
    }),
  );
};

const connectionsOf = ({ databases }: ManySystem): Promise<number> =>
  withDatabase(databases.orders, async ({ rows }) => {
    const [row] = await rows<{ count: number }>(
      `SELECT count(*)::float8 AS count FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND application_name <> 'bench'`,
    );
    return row?.count ?? Number.NaN;
  });

/** Places orders and waits until all are delivered and everything is published. */
const placeAndWait = async (side: Side, load: Load): Promise<Placing[]> => {
  const placed = await place(side, load);
  side.placings.push(...placed);
  await allArrived(side.system.databases.orders, ARRIVAL_LIMIT_MS);
  await outboxDrained(side.system);
  return placed;
};

const now = (): number => performance.now() / SECOND_MS;
const countOf = (placings: readonly Placing[]): number =>
  placings.reduce((sum, { answers }) => sum + answers.placed.length, 0);

/** The processor time, in milliseconds, that a system takes while `work` is done, and how long that is, in seconds. */
const timed = async <T>({ pid }: ManySystem, work: () => Promise<T>) => {
  const before = await processorTimesOf(pid);
  const begunAt = now();
  const done = await work();
  const tookS = now() - begunAt;
  const after = await processorTimesOf(pid);
  const { root, others } = before && after ? timeBetween(before, after) : UNKNOWN;
  return { done, tookS, services: root, postgres: others };
};

/**
 * A turn of a system.
 *
 * @returns what an order took, once PostgreSQL has counted all of it; the next turn of another system may begin before
 */
export const takeTurn = async (side: Side, load: Load): Promise<{ readonly cost: Promise<Cost> }> => {
  const { system, idle } = side;
  await side.settled;
  const before = await readUsed(system, system.gateways);
  const begunAt = now();
  const first = await placeAndWait(side, { orders: FIRST_ORDERS });
  const { done: placed, tookS, ...processor } = await timed(system, () => placeAndWait(side, load));
  const after = await readUsed(system, system.gateways);
  const writtenS = now() - begunAt;
  const connections = await connectionsOf(system);
  const counting = pause(REPORTED_AFTER_MS).then(async () => ({
    transactions: await readTransactions(system),
    countedS: now() - begunAt,
  }));
  side.settled = counting;
  const orders = countOf(placed);
  const all = orders + countOf(first);
  return {
    cost: counting.then(({ transactions, countedS }) => ({
      wal: (after.wal - before.wal - idle.wal * writtenS) / all,
      transactions: (transactions - before.transactions - idle.transactions * countedS) / all,
      messages: (after.messages - before.messages) / all,
      services: (processor.services - idle.services * tookS) / orders,
      postgres: (processor.postgres - idle.postgres * tookS) / orders,
      rate: placed.reduce((sum, placing) => sum + placing.rate, 0),
      connections,
    })),
  };
};

/** What a system takes while nobody asks it for anything, over so many seconds. */
export const rest = async ({ settled, system }: Side, seconds: number): Promise<Idle> => {
  await settled;
  const before = await readUsed(system, system.gateways);
  const { tookS, services, postgres } = await timed(system, () => pause(seconds * SECOND_MS));
  const after = await readUsed(system, system.gateways);
  return {
    wal: (after.wal - before.wal) / tookS,
    transactions: (after.transactions - before.transactions) / tookS,
    services: services / tookS,
    postgres: postgres / tookS,
  };
};
