import { ordersApi, type HistoryEntry, type OrderWithTimes } from '@order-pipeline/contracts';
import type { Cli } from '../kit/cli.ts';
import { ask, gatewayCommand, openGateway } from '../kit/gateway.ts';
import { report } from '../kit/outcome.ts';
import { tableOf } from '../kit/table.ts';

/** As `kcat` and the console name a message: topic, partition and offset. */
const positionText = ({ topic, partition, offset }: NonNullable<HistoryEntry['event']>): string =>
  `${topic} ${partition}:${offset}`;

const render = (order: OrderWithTimes, history: readonly HistoryEntry[]): string =>
  [
    tableOf([
      ['order', order.orderId],
      ['status', order.status],
      ['user', order.userId],
      ...order.items.map(({ itemId, quantity }) => ['item', `${itemId} × ${quantity}`]),
    ]),
    `\n${tableOf(
      history.map(({ at, status, cause, event, published }) => [
        at,
        status,
        cause,
        event ? positionText(event) : '',
        published ? positionText(published) : '',
      ]),
      ['at', 'status', 'cause', 'event', 'published'],
    )}`,
  ].join('\n');

/** `show`: an order with its history. */
export const createShowCommand = (cli: Cli) =>
  gatewayCommand(cli, 'show', 'Show an order with its history')
    .argument('<orderId>', 'the order')
    .action(async (orderId, options) => {
      const gateway = openGateway(cli, options);
      const params = { orderId };
      const order = await ask(gateway, ordersApi.getOrder, { params, query: {} });
      const history = await ask(gateway, ordersApi.getOrderHistory, { params });
      await report(cli, options.json, { text: render(order, history), data: { ...order, history } });
    });
