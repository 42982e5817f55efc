import { ORDER_STATUSES, overviewApi, type OrderStatus, type Overview } from '@order-pipeline/contracts';
import { SECOND_MS, sleep } from '@order-pipeline/service-kit';
import type { Cli } from '../kit/cli.ts';
import { ask, gatewayCommand, openGateway } from '../kit/gateway.ts';
import { tableOf } from '../kit/table.ts';
import { wholeNumber } from '../kit/values.ts';

const INTERVAL_MS = 1_000;
const MAX_COUNT = 1_000_000;
/** To the corner, and all below it cleared: the next picture takes the place of the last. */
const REDRAW = '\u001b[H\u001b[J';

const seconds = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '–' : `${(ms / SECOND_MS).toFixed(1)} s`;

const ordersText = (orders: Overview['orders']): string => {
  if (!orders) return 'The orders cannot be reached now.';
  const ages: Partial<Record<OrderStatus, number | null>> = orders.oldestAgeMs;
  const rows = ORDER_STATUSES.map((status) => [
    status,
    orders.byStatus[status],
    orders.perMinute[status],
    seconds(ages[status]),
  ]);
  const took = orders.placedToDelivered;
  const stuck = orders.stuck.reduce((sum, { count }) => sum + count, 0);
  return [
    tableOf(rows, ['status', 'orders', 'in/min', 'oldest']),
    '',
    `placed to delivered: p50 ${seconds(took?.p50Ms)}, p99 ${seconds(took?.p99Ms)}`,
    `stuck: ${stuck}; new orders are ${orders.loadShedding.length === 0 ? 'accepted' : `refused: ${orders.loadShedding.join(', ')}`}`,
  ].join('\n');
};

const queuesText = ({ outbox, consumers, deadLetters }: Overview): string =>
  tableOf(
    [
      [
        'outbox',
        outbox ? outbox.depth : '?',
        outbox ? `oldest ${seconds(outbox.oldestAgeMs)}` : 'cannot be read',
      ],
      ...(consumers?.map(({ group, topic, lag }) => [group, lag, topic]) ?? [
        ['consumers', '?', 'Kafka does not say'],
      ]),
      ...(deadLetters?.map(({ group, topic, open }) => ['dead letters', open, `${group}, ${topic}`]) ?? [
        ['dead letters', '?', 'cannot be read'],
      ]),
    ],
    ['waiting', 'now', ''],
  );

const servicesText = ({ services }: Overview): string => {
  const down = services.filter(({ ready }) => !ready);
  if (down.length === 0) return `all ${services.length} services are ready`;
  return tableOf(
    down.map(({ name, error = '' }) => [name, error]),
    ['not ready', ''],
  );
};

const textOf = (overview: Overview): string =>
  [`as of ${overview.at}`, ordersText(overview.orders), queuesText(overview), servicesText(overview)].join(
    '\n\n',
  );

/** `top`: the overview, again every second. */
export const createTopCommand = (cli: Cli) =>
  gatewayCommand(
    cli,
    'top',
    'Show where orders are, how fast they move and what waits, again every second; with --json a line each',
  )
    .option(
      '--count <n>',
      'end after so many pictures (default: until it is stopped)',
      wholeNumber(1, MAX_COUNT),
    )
    .action(async ({ count = Infinity, ...options }) => {
      const gateway = openGateway(cli, options);
      for (let shown = 1; ; shown += 1) {
        const overview = await ask(gateway, overviewApi.getOverview, {});
        const again = shown > 1 ? REDRAW : '';
        await cli.print(options.json ? JSON.stringify(overview) : `${again}${textOf(overview)}`);
        if (shown >= count) return;
        await sleep(cli.runtime, INTERVAL_MS);
      }
    });
