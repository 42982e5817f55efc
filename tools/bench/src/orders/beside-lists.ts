import type { BenchContext } from '../context/context.ts';
import { addUp, FLAWLESS, type Correctness } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import { fatOrders, type OrderSource } from '../load/orders.ts';
import { startPaging } from '../load/paging.ts';
import { placeOrders, type Placing } from '../load/place.ts';
import { createDataset } from '../load/dataset.ts';
import type { Figure } from '../report/report.ts';
import { goRounds, roundSentence } from '../rounds.ts';
import type { System } from '../system/system.ts';
import { outboxDrained } from './audited.ts';
import { CONNECTIONS, type Sizes } from './sizes.ts';
import { openSpread, reportExamples } from './stage.ts';

/** As many lines, and ids as long, as an order may have. */
const FAT_DATASET = { users: 10, items: 100, stockOfEach: 1_000_000, itemIdLength: 128 };
const CLIENTS = 8;
const PATH = '/api/orders?limit=1000';
/** Placement may lose half of its rate. */
const MIN_TIMES = 0.5;

interface Round {
  readonly alone: Placing;
  readonly beside: Placing;
  readonly pages: number;
  readonly wrongPages: number;
}

const goRound = async (system: System, source: OrderSource, amount: number): Promise<Round> => {
  const place = (): Promise<Placing> =>
    placeOrders({ url: system.url, source, connections: CONNECTIONS, extent: { amount } });
  const alone = await place();
  await outboxDrained(system);
  const paging = startPaging(system.url, CLIENTS, PATH);
  const beside = await place();
  const { pages, wrong } = await paging.stop();
  await outboxDrained(system);
  return { alone, beside, pages, wrongPages: wrong };
};

/** Rounds without a page read, which would say nothing, count as wrong. */
const judgePages = (rounds: readonly Round[]): Correctness => ({
  ...FLAWLESS,
  refusedWrongly: rounds.reduce((sum, { pages, wrongPages }) => sum + wrongPages + (pages > 0 ? 0 : 1), 0),
});

/**
 * Placement while others page through the fattest orders that there can be, beside placement alone.
 *
 * @returns its figure, which lacks what an audit of the system finds
 */
export const placeBesideLists = async (
  { say }: Pick<BenchContext, 'say'>,
  system: System,
  { rounds, besideLists }: Pick<Sizes, 'rounds' | 'besideLists'>,
): Promise<Figure> => {
  say('Placement beside lists: placing the orders that are read');
  const fat = await placeOrders({
    url: system.url,
    source: fatOrders(await createDataset(system.url, FAT_DATASET)),
    connections: CONNECTIONS,
    extent: { amount: besideLists.fatOrders },
  });
  const source = await openSpread(system.url);
  const all: Round[] = [];
  const counted = await goRounds(rounds, async (number) => {
    say(roundSentence('Placement beside lists', number, rounds));
    const round = await goRound(system, source, besideLists.orders);
    all.push(round);
    return round;
  });
  const placings = all.flatMap(({ alone, beside }) => [alone, beside]);
  reportExamples({ say }, [fat, ...placings]);
  return {
    name: `placement while ${CLIENTS} clients page through the fattest orders`,
    unit: 'orders/s',
    result: counted.map(({ beside }) => beside.rate),
    baseline: { name: 'alone', values: counted.map(({ alone }) => alone.rate) },
    target: { times: MIN_TIMES },
    correctness: addUp([
      judgePages(all),
      await judgeStored(system.databases, [fat]),
      await judgeStored(system.databases, placings),
    ]),
  };
};
