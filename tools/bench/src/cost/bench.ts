import type { BenchContext } from '../context/context.ts';
import { addUp, type Correctness } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import { fillOrders, tidyUp } from '../growth/fill.ts';
import { placeOrders, type Placing } from '../load/place.ts';
import type { OrderSource } from '../load/orders.ts';
import { ABOUT_CORRECTNESS } from '../orders/about.ts';
import { auditStage, outboxDrained } from '../orders/audited.ts';
import { CONNECTIONS } from '../orders/sizes.ts';
import { openSpread, reportExamples } from '../orders/stage.ts';
import { toldByTheSystem } from '../orders/turn.ts';
import { allArrived } from '../orders/walk.ts';
import { describeMachine } from '../report/machine.ts';
import type { Figure, Report } from '../report/report.ts';
import { goRounds, roundSentence } from '../rounds.ts';
import { serverVersion } from '../system/databases.ts';
import { embeddedSettings, startEmbeddedSystem, type EmbeddedSystem } from '../system/embedded.ts';
import { readUsed, storedBytes, type Counter } from './counters.ts';

const FULL = { rounds: 3, orders: 6_000, stored: 200_000 };
const QUICK = { rounds: 1, orders: 1_000, stored: 10_000 };
const WORKFLOW_INTERVAL_MS = 1_000;
const ARRIVAL_LIMIT_MS = 300_000;
const PAST_MS = 600_000;
const US_PER_MS = 1_000;
/** With many orders stored one may cost so many times what it costs with few. */
const MAX_TIMES = 1.15;

/** What an order may cost, from its placement to its delivery. */
const BOUNDS = { wal: 6_200, stored: 1_500, transactions: 1, messages: 4.05 };

type Cost = Readonly<Record<Counter | 'stored', number>>;

interface Side {
  readonly system: EmbeddedSystem;
  readonly source: OrderSource;
  readonly placings: Placing[];
}

const open = async (context: BenchContext, stored: number): Promise<Side> => {
  context.say(`Cost: a system with ${stored.toLocaleString('en-US')} orders`);
  const system = await startEmbeddedSystem(context, {
    name: `the cost at ${stored} orders`,
    workflowIntervalMs: WORKFLOW_INTERVAL_MS,
  });
  if (stored > 0) {
    await fillOrders(system.databases, { from: 0, to: stored }, new Date(Date.now() - PAST_MS));
    await tidyUp(system.databases);
  }
  return { system, source: await openSpread(system.url), placings: [] };
};

/** Places orders and waits until all are delivered and everything is published; answers what each has cost. */
const spend = async ({ system, source, placings }: Side, amount: number): Promise<Cost> => {
  const keptBefore = await storedBytes(system);
  const before = await readUsed(system);
  const extent = { amount };
  const placing = await placeOrders({ url: system.url, source, connections: CONNECTIONS, extent });
  placings.push(placing);
  await allArrived(system.databases.orders, ARRIVAL_LIMIT_MS);
  await outboxDrained(system);
  const after = await readUsed(system);
  const each = (counter: Counter, unit = 1): number => ((after[counter] - before[counter]) * unit) / amount;
  return {
    wal: each('wal'),
    transactions: each('transactions'),
    messages: each('messages'),
    services: each('services', US_PER_MS),
    postgres: each('postgres', US_PER_MS),
    stored: ((await storedBytes(system)) - keptBefore) / amount,
  };
};

const figuresOf = (
  rounds: readonly (readonly Cost[])[],
  stored: number,
  correctness: Correctness,
): Figure[] => {
  const of = (side: number, what: keyof Cost): number[] =>
    rounds.map((costs) => costs[side]?.[what] ?? Number.NaN);
  const figure = (name: string, what: keyof Cost, unit: string, target: Figure['target']): Figure => ({
    name,
    unit,
    result: of(0, what),
    target,
    correctness,
  });
  const slope = (name: string, what: keyof Cost, unit: string): Figure => ({
    ...figure(`${name}, with ${stored.toLocaleString('en-US')} orders stored`, what, unit, {
      timesAtMost: MAX_TIMES,
    }),
    result: of(1, what),
    baseline: { name: 'with few', values: of(0, what) },
  });
  return toldByTheSystem([
    figure('WAL an order', 'wal', 'B', { below: BOUNDS.wal }),
    figure('tables and indexes an order', 'stored', 'B', { below: BOUNDS.stored }),
    figure('transactions an order', 'transactions', 'transactions', { below: BOUNDS.transactions }),
    figure('messages an order', 'messages', 'messages', { below: BOUNDS.messages }),
    figure('processor time an order, services', 'services', 'µs', { reported: true }),
    figure('processor time an order, PostgreSQL', 'postgres', 'µs', { reported: true }),
    slope('WAL an order', 'wal', 'B'),
    slope('processor time an order, PostgreSQL', 'postgres', 'µs'),
  ]);
};

const judge = async (context: BenchContext, { system, placings }: Side): Promise<Correctness> => {
  reportExamples(context, placings);
  return addUp([await auditStage(context, system), await judgeStored(system.databases, placings)]);
};

/** What an order costs from its placement to its delivery, with few orders stored and with many. */
export const benchCost = async (context: BenchContext): Promise<Report> => {
  const { rounds, orders, stored } = context.quick ? QUICK : FULL;
  const sides = [await open(context, 0), await open(context, stored)];
  const costs = await goRounds(rounds, async (number) => {
    context.say(roundSentence('Cost', number, rounds));
    const round: Cost[] = [];
    for (const side of sides) round.push(await spend(side, orders));
    return round;
  });
  const judged: Correctness[] = [];
  for (const side of sides) judged.push(await judge(context, side));
  const postgresVersion = await serverVersion((sides[0] as Side).system.databases.orders);
  return {
    name: 'cost',
    command: 'npx -y pnpm bench cost',
    about: [
      `${CONNECTIONS} connections placed ${orders.toLocaleString('en-US')} orders a round, while the workflow took them up every second; each round ended when all were delivered and published.`,
      'The services share one process and the broker is in its memory, so their processor time holds the broker, the gateway and what the clients make it do. Transactions depend on how many orders travel together: more of them at less load.',
      ABOUT_CORRECTNESS,
    ],
    at: new Date().toISOString(),
    machine: describeMachine({ PostgreSQL: postgresVersion }),
    settings: embeddedSettings(WORKFLOW_INTERVAL_MS),
    figures: figuresOf(costs, stored, addUp(judged)),
  };
};
