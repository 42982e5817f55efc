import type { BenchContext } from '../context/context.ts';
import { waitUntil } from '../context/waiting.ts';
import { addUp, FLAWLESS } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import type { OrderSource } from '../load/orders.ts';
import { placeOrders, type Placing } from '../load/place.ts';
import { openWaiting, type Waiting } from '../load/waiting.ts';
import { readable, type Figure } from '../report/report.ts';
import { goRounds, roundSentence } from '../rounds.ts';
import { startEmbeddedSystem } from '../system/embedded.ts';
import type { System } from '../system/system.ts';
import { auditStage, outboxDrained } from './audited.ts';
import { CONNECTIONS, type Sizes } from './sizes.ts';
import { NO_WALKING_MS, openSpread, reportExamples } from './stage.ts';

/** Placement may lose a twentieth of its rate. */
const MIN_TIMES = 0.95;
const SETTLE_LIMIT_MS = 60_000;
const WAITERS = /^order_waiters(?:\{[^}]*\})? (\d+)$/m;

/** What a gateway takes that so many wait at. */
const settingsForWaiting = (waiters: number): Readonly<Record<string, string>> => ({
  MAX_CONNECTIONS: String(waiters + 1_000),
  MAX_CONNECTIONS_PER_ADDRESS: String(waiters + 1_000),
});

/** How many wait at the gateway, as it says. */
const countWaiting = async (url: string): Promise<number> => {
  const text = await fetch(`${url}/metrics`).then((response) => response.text());
  return Number(WAITERS.exec(text)?.[1] ?? 0);
};

const untilWaiting = (url: string, isReached: (count: number) => boolean, what: string): Promise<true> =>
  waitUntil(async () => isReached(await countWaiting(url)) || undefined, {
    timeoutMs: SETTLE_LIMIT_MS,
    what,
  });

/** So many begin to wait at once: each reads its order first, and such a read is refused where it would take too long. */
const BEGIN_AT_ONCE = 250;

/** Lets a client wait for each of the orders. */
const beginWaiting = async (url: string, orderIds: readonly string[]): Promise<Waiting> => {
  const waiting = openWaiting(url);
  for (let end = 0; end < orderIds.length;) {
    const start = end;
    end = Math.min(orderIds.length, start + BEGIN_AT_ONCE);
    waiting.begin(orderIds.slice(start, end));
    // Those that were answered wait no more: they are counted as lost.
    await untilWaiting(url, (count) => count + waiting.answered() >= end, `${end} clients wait`);
  }
  return waiting;
};

interface Round {
  readonly alone: Placing;
  readonly beside: Placing;
  /** The placing of the orders that are waited for. */
  readonly awaited: Placing;
  /** How many did not wait from the beginning to the end. */
  readonly lost: number;
}

const goRound = async (
  system: System,
  source: OrderSource,
  { waiters, orders }: Sizes['besideWaiting'],
  number: number,
): Promise<Round> => {
  const place = async (amount = orders): Promise<Placing> => {
    const extent = { amount };
    const placing = await placeOrders({ url: system.url, source, connections: CONNECTIONS, extent });
    await outboxDrained(system);
    return placing;
  };
  const placeBeside = async (awaited: readonly string[]) => {
    const waiting = await beginWaiting(system.url, awaited);
    const beside = await place();
    const lost = waiters - (await countWaiting(system.url)) + waiting.answered();
    waiting.stop();
    await untilWaiting(system.url, (count) => count === 0, 'no client waits');
    return { beside, lost };
  };
  const first = number % 2 === 0 ? await place() : undefined;
  const awaited = await place(waiters);
  const beside = await placeBeside(awaited.answers.placed);
  return { alone: first ?? (await place()), awaited, ...beside };
};

/** Placement while clients wait for orders, each order for itself, beside placement alone. */
export const benchBesideWaiting = async (
  context: BenchContext,
  { rounds, besideWaiting }: Pick<Sizes, 'rounds' | 'besideWaiting'>,
): Promise<Figure[]> => {
  const { say } = context;
  const system = await startEmbeddedSystem(context, {
    name: 'the stage of those who wait',
    workflowIntervalMs: NO_WALKING_MS,
    environment: settingsForWaiting(besideWaiting.waiters),
  });
  const source = await openSpread(system.url);
  const all: Round[] = [];
  const counted = await goRounds(rounds, async (number) => {
    say(roundSentence('Placement beside clients that wait', number, rounds));
    const round = await goRound(system, source, besideWaiting, number);
    all.push(round);
    return round;
  });
  const placings = all.flatMap(({ alone, beside, awaited }) => [alone, beside, awaited]);
  reportExamples({ say }, placings);
  const lost = all.reduce((sum, round) => sum + round.lost, 0);
  const correctness = addUp([
    { ...FLAWLESS, refusedWrongly: lost },
    await auditStage(context, system),
    await judgeStored(system.databases, placings),
  ]);
  await system.stop();
  const figure: Figure = {
    name: `placement while ${readable(besideWaiting.waiters)} clients wait for orders`,
    unit: 'orders/s',
    result: counted.map(({ beside }) => beside.rate),
    baseline: { name: 'alone', values: counted.map(({ alone }) => alone.rate) },
    target: { times: MIN_TIMES },
    correctness,
  };
  return [figure];
};
