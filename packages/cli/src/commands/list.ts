import { Option } from '@commander-js/extra-typings';
import { ORDER_STATUSES, ordersApi, type Order } from '@order-pipeline/contracts';
import type { Cli } from '../kit/cli.ts';
import { CliError } from '../kit/cli-error.ts';
import { gatewayCommand, openGateway } from '../kit/gateway.ts';
import { listUpTo, type Listed } from '../kit/list-up-to.ts';
import { listText } from '../kit/list-text.ts';
import { report } from '../kit/outcome.ts';
import { wholeNumber } from '../kit/values.ts';

const MAX_LISTED = 100_000;

const rowOf = ({ orderId, status, userId, items }: Order) => [
  orderId,
  status,
  userId,
  items.map(({ itemId, quantity }) => `${itemId} × ${quantity}`).join(', '),
];

const textOf = (listed: Listed<Order>): string =>
  listText('order', ['order', 'status', 'user', 'items'], { ...listed, entries: listed.entries.map(rowOf) });

/** `list`: the newest orders. */
export const createListCommand = (cli: Cli) =>
  gatewayCommand(cli, 'list', 'List orders, newest first')
    .addOption(new Option('--status <status>', 'those in one status').choices(ORDER_STATUSES))
    .option('--user <id>', 'those of one user')
    .option('--limit <n>', 'at most so many', wholeNumber(1, MAX_LISTED), 100)
    .action(async ({ status, user, limit, ...options }) => {
      if (status !== undefined && user !== undefined)
        throw new CliError('--status and --user exclude one another');
      const gateway = openGateway(cli, options);
      const listed =
        user === undefined
          ? await listUpTo(
              gateway,
              ordersApi.listOrders,
              { query: status === undefined ? {} : { status } },
              limit,
            )
          : await listUpTo(gateway, ordersApi.listOrdersOfUser, { params: { userId: user } }, limit);
      await report(cli, options.json, { text: textOf(listed), data: listed.entries });
    });
