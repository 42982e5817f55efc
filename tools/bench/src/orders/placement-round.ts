import type { BenchContext } from '../context/context.ts';
import { addUp, FLAWLESS, type Correctness } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import { hotOrders, type OrderSource } from '../load/orders.ts';
import { placePaced } from '../load/place-paced.ts';
import { placeOrders, type Placing } from '../load/place.ts';
import { createDataset } from '../load/dataset.ts';
import { fillReference } from '../reference/database.ts';
import { createPgbench, type Pgbench } from '../reference/pgbench.ts';
import { startPlainBuild, type PlainBuild } from '../reference/plain.ts';
import type { System } from '../system/system.ts';
import { outboxDrained } from './audited.ts';
import { CONNECTIONS, DATASET, type Sizes } from './sizes.ts';
import { openSpread } from './stage.ts';

const TENTH = 0.1;

/** Everything that takes turns. */
export interface PlacementSides {
  readonly pgbench: Pgbench;
  readonly spread: OrderSource;
  readonly hot: OrderSource;
  readonly plain: { readonly build: PlainBuild; readonly source: OrderSource };
}

/** What one round brought. */
export interface PlacementRound {
  readonly pgbenchRate: number;
  readonly spread: Placing;
  readonly tenth: Placing;
  readonly hot: Placing;
  readonly plain: Placing;
}

/** Opens everything that takes turns, on the server of the system. */
export const openPlacementSides = async (
  context: BenchContext,
  system: System,
  pgbenchProgram: string,
): Promise<PlacementSides> => {
  const referenceUrl = await system.createDatabase('reference');
  await fillReference(referenceUrl);
  const build = await startPlainBuild(context, { databaseUrl: await system.createDatabase('plain') });
  const hotDataset = { ...DATASET, users: 100, items: 1 };
  return {
    pgbench: createPgbench(pgbenchProgram, referenceUrl),
    spread: await openSpread(system.url),
    hot: hotOrders(await createDataset(system.url, hotDataset)),
    plain: { build, source: await openSpread(build.url) },
  };
};

/** Lets everything take its turn once; `run` distinguishes the rounds. */
export const goPlacementRound = async (
  system: System,
  { pgbench, spread, hot, plain }: PlacementSides,
  sizes: Sizes['placement'],
  run: number,
): Promise<PlacementRound> => {
  const place = (source: OrderSource, amount: number, url = system.url): Promise<Placing> =>
    placeOrders({ url, source, connections: CONNECTIONS, extent: { amount } });
  const pgbenchRate = await pgbench({
    script: 'place-order',
    transactions: sizes.pgbenchOrders,
    variables: { n: 0, run },
  });
  const placed = await place(spread, sizes.orders);
  await outboxDrained(system);
  const ratePerS = placed.rate * TENTH;
  const tenth = await placePaced({
    url: system.url,
    source: spread,
    connections: CONNECTIONS,
    amount: Math.ceil(ratePerS * sizes.pacedS),
    ratePerS,
  });
  const heated = await place(hot, sizes.hotOrders);
  await outboxDrained(system);
  return {
    pgbenchRate,
    spread: placed,
    tenth,
    hot: heated,
    plain: await place(plain.source, sizes.plainOrders, plain.build.url),
  };
};

/** Sells an item out, by twice as many orders as there are units: no more, and no fewer, may be taken. */
export const sellOut = async (system: System, units: number): Promise<Correctness> => {
  const dataset = await createDataset(system.url, { users: 100, items: 1, stockOfEach: units });
  const placing = await placeOrders({
    url: system.url,
    source: hotOrders(dataset),
    connections: CONNECTIONS,
    extent: { amount: 2 * units },
    refusal: 'NOT_ENOUGH_STOCK',
  });
  const unsold = Math.max(0, units - placing.answers.placed.length);
  return addUp([await judgeStored(system.databases, [placing]), { ...FLAWLESS, refusedWrongly: unsold }]);
};
