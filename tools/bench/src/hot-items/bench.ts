import { inventoryApi, reservationsApi } from '@order-pipeline/contracts';
import { SERVICES } from '@order-pipeline/launcher';
import { startTestPostgres, startTestService, type TestService } from '@order-pipeline/testing';
import { auditSystem, violationLines } from '@order-pipeline/audit';
import { CliError } from '@order-pipeline/cli/kit';
import { createRuntime } from '@order-pipeline/service-kit';
import type { BenchContext } from '../context/context.ts';
import { describeMachine } from '../report/machine.ts';
import type { Figure, Report } from '../report/report.ts';
import { inTurns, roundSentence } from '../rounds.ts';
import { serverVersion, withDatabase } from '../system/databases.ts';

const FULL = { rounds: 9, orders: 12_000 };
const QUICK = { rounds: 2, orders: 2_000 };

/** How many requests for reservations are under way at once, whatever the number of instances, and the orders of each. */
const CALLERS = 24;
const ORDERS_A_CALL = 20;
const INSTANCES = [1, 2, 4] as const;
const MOST = 4;
const UNITS = 100_000_000;
const MS_PER_S = 1_000;
const HEAT_MS = 4_000;

interface Side {
  readonly instances: readonly TestService[];
  readonly databaseUrl: string;
  readonly itemId: string;
}

const open = async (
  { life }: BenchContext,
  databaseUrl: string,
  environment: Readonly<Record<string, string>>,
): Promise<Side> => {
  const instances: TestService[] = [];
  for (let index = 0; index < MOST; index += 1) {
    const settings = { RESERVATION_CHECK_AFTER_MS: '3600000', ...environment };
    const instance = await startTestService(SERVICES.inventory, { databaseUrl, environment: settings });
    life.opened('an instance of the inventory', () => instance.close());
    instances.push(instance);
  }
  const itemId = 'hot';
  const body = { itemId, itemName: 'The item that all want', availableQty: UNITS };
  const added = await instances[0]?.call(inventoryApi.addItem, { body });
  if (added?.status !== 201) throw new CliError('The item could not be added.');
  return { instances, databaseUrl, itemId };
};

let lastOrder = 0;

/** @throws CliError when an order is not reserved */
const reserveSome = async (instance: TestService, itemId: string): Promise<void> => {
  const requests = Array.from({ length: ORDERS_A_CALL }, () => ({
    orderId: `order-${(lastOrder += 1)}`,
    lines: [{ itemId, quantity: 1 }],
  }));
  const { status, body } = await instance.call(reservationsApi.reserveStock, { body: { requests } });
  const results = 'results' in body ? body.results : [];
  if (
    status !== 200 ||
    results.length < requests.length ||
    results.some(({ outcome }) => outcome !== 'RESERVED')
  )
    throw new CliError(`An order of the hot item was not reserved: ${status} ${JSON.stringify(results[0])}`);
};

/** Has so many orders reserved by the first instances in turn; answers orders a second. */
const rateOf = async ({ instances, itemId }: Side, count: number, orders: number): Promise<number> => {
  let calls = Math.ceil(orders / ORDERS_A_CALL);
  const begun = performance.now();
  const caller = async (index: number): Promise<void> => {
    const instance = instances[index % count];
    while (instance && calls > 0) {
      calls -= 1;
      await reserveSome(instance, itemId);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, index) => caller(index)));
  return (Math.ceil(orders / ORDERS_A_CALL) * ORDERS_A_CALL * MS_PER_S) / (performance.now() - begun);
};

/** Until every instance has seen that the item is hot: each looks once a second. */
const heat = async (side: Side, orders: number): Promise<void> => {
  const begun = performance.now();
  while (performance.now() - begun < HEAT_MS) await rateOf(side, MOST, orders);
  const buckets = await withDatabase(side.databaseUrl, ({ rows }) => rows('SELECT FROM stock_buckets'));
  if (buckets.length === 0) throw new CliError('The item was not split.');
};

/** @throws CliError when a unit is not where it belongs */
const auditStock = async ({ databaseUrl }: Side): Promise<void> => {
  const report = await auditSystem({ databases: { inventory: databaseUrl }, runtime: createRuntime() });
  if (!report.clean) throw new CliError(violationLines(report).join('\n'));
};

const figuresOf = (values: readonly (readonly number[])[]): Figure[] => {
  const of = (index: number): readonly number[] => values[index] ?? [];
  const one = { name: 'one instance', values: of(0) };
  const unit = 'orders/s';
  return [
    { name: 'one hot item, 1 instance', unit, result: of(0), target: { reported: true } },
    { name: 'one hot item, 2 instances', unit, result: of(1), baseline: one, target: { times: 1 } },
    { name: 'one hot item, 4 instances', unit, result: of(2), baseline: one, target: { times: 1 } },
    {
      name: 'an item that is not split, 1 instance',
      unit,
      result: of(3),
      baseline: one,
      target: { reported: true },
    },
    {
      name: 'an item that is not split, 4 instances',
      unit,
      result: of(4),
      baseline: one,
      target: { reported: true },
    },
  ];
};

const ABOUT = [
  `Instances of the inventory reserve one unit of one item an order, ${ORDERS_A_CALL} orders a request and ${CALLERS} requests at once, whatever the number of instances. All run in one process, on one PostgreSQL that writes each commit to disk, so more instances have no more processor time: what is compared is how they get along at the item.`,
  'The item is split with HOT_ITEM_ORDERS_PER_S=50; the last rows are an item that is not. All take turns within each round, and an audit at the end finds every unit.',
];

/** One item at the highest rate, with one, two and four instances of the inventory. */
export const benchHotItems = async (context: BenchContext): Promise<Report> => {
  const { rounds, orders } = context.quick ? QUICK : FULL;
  const postgres = await startTestPostgres();
  context.life.opened('PostgreSQL', () => postgres.stop());
  const settings = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };
  const split = await open(context, await postgres.migratedDatabase('inventory'), {
    HOT_ITEM_ORDERS_PER_S: '50',
  });
  const whole = await open(context, await postgres.migratedDatabase('inventory'), {});
  await withDatabase(split.databaseUrl, async ({ run }) => {
    for (const [name, value] of Object.entries(settings)) await run(`ALTER SYSTEM SET ${name} = '${value}'`);
    await run('SELECT pg_reload_conf()');
  });
  await heat(split, orders);
  let turn = 0;
  const measures = [
    ...INSTANCES.map((count) => () => {
      if (count === 1) context.say(roundSentence('hot item', turn++, rounds));
      return rateOf(split, count, orders);
    }),
    () => rateOf(whole, 1, orders),
    () => rateOf(whole, MOST, orders),
  ];
  const values = await inTurns(measures, rounds);
  for (const side of [split, whole]) await auditStock(side);
  return {
    name: 'hot-items',
    command: 'npx -y pnpm bench hot-items',
    about: ABOUT,
    at: new Date().toISOString(),
    machine: describeMachine({ PostgreSQL: await serverVersion(split.databaseUrl) }),
    settings,
    figures: figuresOf(values),
  };
};
