import { Option } from '@commander-js/extra-typings';
import {
  MAX_STUCK_AGE_MS,
  ORDER_STATUSES,
  orderSearchApi,
  ordersApi,
  STUCK_REASONS,
  type FoundOrder,
  type Order,
} from '@order-pipeline/contracts';
import { SECOND_MS } from '@order-pipeline/service-kit';
import type { Cli } from '../kit/cli.ts';
import { gatewayCommand, openGateway } from '../kit/gateway.ts';
import { listUpTo, type Listed } from '../kit/list-up-to.ts';
import { listText } from '../kit/list-text.ts';
import { report } from '../kit/outcome.ts';
import { wholeNumber } from '../kit/values.ts';

const MAX_LISTED = 100_000;
const MAX_AGE_S = MAX_STUCK_AGE_MS / SECOND_MS;

const rowOf = ({ orderId, status, userId, items }: Order) => [
  orderId,
  status,
  userId,
  items.map(({ itemId, quantity }) => `${itemId} × ${quantity}`).join(', '),
];

const textOf = (listed: Listed<Order>): string =>
  listText('order', ['order', 'status', 'user', 'items'], { ...listed, entries: listed.entries.map(rowOf) });

const foundText = (listed: Listed<FoundOrder>): string =>
  listText('order', ['order', 'status', 'user', 'items', 'since', 'stuck'], {
    ...listed,
    entries: listed.entries.map((order) => [...rowOf(order), order.updatedAt, order.stuckReason ?? '']),
  });

interface Filters {
  readonly status?: Order['status'] | undefined;
  readonly user?: string | undefined;
  readonly item?: string | undefined;
  readonly reason?: FoundOrder['stuckReason'];
  readonly olderThan?: number | undefined;
}

/** What operators ask, where clients cannot ask for it; nothing, where they can. */
const searchOf = ({ status, user, item, reason, olderThan }: Filters) => {
  const isForClients = item === undefined && reason === undefined && olderThan === undefined;
  if (isForClients && (status === undefined || user === undefined)) return undefined;
  return {
    ...(status === undefined ? {} : { status }),
    ...(user === undefined ? {} : { search: user }),
    ...(item === undefined ? {} : { itemId: item }),
    ...(reason === undefined ? {} : { reason }),
    ...(olderThan === undefined ? {} : { olderThanMs: olderThan * SECOND_MS }),
  };
};

/** `list`: the newest orders, or those that wait longest. */
export const createListCommand = (cli: Cli) =>
  gatewayCommand(
    cli,
    'list',
    'List orders, newest first; with an age or a reason, those that wait longest first',
  )
    .addOption(new Option('--status <status>', 'those in one status').choices(ORDER_STATUSES))
    .option('--user <id>', 'those of one user')
    .option('--item <id>', 'those that contain an item')
    .option('--older-than <seconds>', 'in their status for longer than that', wholeNumber(0, MAX_AGE_S))
    .addOption(new Option('--reason <reason>', 'those that are stuck for one reason').choices(STUCK_REASONS))
    .option('--limit <n>', 'at most so many', wholeNumber(1, MAX_LISTED), 100)
    .action(async ({ status, user, item, olderThan, reason, limit, ...options }) => {
      const gateway = openGateway(cli, options);
      const query = searchOf({ status, user, item, olderThan, reason });
      if (query !== undefined) {
        const found = await listUpTo(gateway, orderSearchApi.searchOrders, { query }, limit);
        return report(cli, options.json, { text: foundText(found), data: found.entries });
      }
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
