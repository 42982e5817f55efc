import type { BenchContext } from '../context/context.ts';
import type { OrderSource } from '../load/orders.ts';
import { placeOrders, type Placing } from '../load/place.ts';
import { CONNECTIONS } from '../orders/sizes.ts';
import { openSpread } from '../orders/stage.ts';
import { walkFromWaiting, type Walked } from '../orders/walk-from-waiting.ts';
import { walkRateOfPgbench } from '../reference/compare-and-set.ts';
import { fillReference } from '../reference/database.ts';
import type { Pgbench } from '../reference/pgbench.ts';
import { startPlainBuild, type PlainBuild } from '../reference/plain.ts';
import { createContainerPgbench } from './inside.ts';
import type { StackSizes } from './sizes.ts';
import type { Stack } from './stack.ts';

const REFERENCE = 'reference';

/** Everything that takes turns. */
export interface StackSides {
  readonly stack: Stack;
  readonly source: OrderSource;
  readonly pgbench: Pgbench;
  readonly referenceUrl: string;
  readonly plain: { readonly build: PlainBuild; readonly source: OrderSource };
}

/** What one walk brought, and pgbench right before it. */
export interface StackWalk {
  readonly pgbenchRate: number;
  readonly pgbenchWalkRate: number;
  readonly walked: Walked;
}

/** What one round brought. */
export interface StackRound extends StackWalk {
  readonly plain: Placing;
}

/** Opens everything that takes turns, on the parts of the stack. */
export const openStackSides = async (context: BenchContext, stack: Stack): Promise<StackSides> => {
  const referenceUrl = await stack.createDatabase(REFERENCE);
  await fillReference(referenceUrl);
  const databaseUrl = await stack.createDatabase('plain');
  const build = await startPlainBuild(context, { databaseUrl, kafkaBrokers: stack.kafkaBrokers });
  return {
    stack,
    source: await openSpread(stack.url),
    pgbench: createContainerPgbench(stack, REFERENCE),
    referenceUrl,
    plain: { build, source: await openSpread(build.url) },
  };
};

/** Lets orders be placed and walk once, beside pgbench; `run` distinguishes the calls. */
export const walkOnStack = async (
  { stack: system, source, pgbench, referenceUrl }: StackSides,
  sizes: StackSizes,
  run: number,
): Promise<StackWalk> => {
  const pgbenchWalkRate = await walkRateOfPgbench(pgbench, referenceUrl, sizes.steps);
  const pgbenchRate = await pgbench({
    script: 'place-order',
    transactions: sizes.pgbenchOrders,
    variables: { n: 0, run },
  });
  const walked = await walkFromWaiting({ ...sizes, system, source, afterTurn: true });
  return { pgbenchRate, pgbenchWalkRate, walked };
};

/** Lets everything take its turn once; `run` distinguishes the calls. */
export const goStackRound = async (
  sides: StackSides,
  sizes: StackSizes,
  run: number,
): Promise<StackRound> => {
  const { plain } = sides;
  const walk = await walkOnStack(sides, sizes, run);
  const placedPlainly = await placeOrders({
    url: plain.build.url,
    source: plain.source,
    connections: CONNECTIONS,
    extent: { amount: sizes.plainOrders },
  });
  return { ...walk, plain: placedPlainly };
};
