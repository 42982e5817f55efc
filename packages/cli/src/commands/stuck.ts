import { Option } from '@commander-js/extra-typings';
import {
  MAX_STUCK_AGE_MS,
  ORDER_STATUSES,
  STUCK_REASONS,
  stuckApi,
  type StuckOrders,
} from '@order-pipeline/contracts';
import { SECOND_MS } from '@order-pipeline/service-kit';
import type { Cli } from '../kit/cli.ts';
import { ask, gatewayCommand, openGateway } from '../kit/gateway.ts';
import { listText } from '../kit/list-text.ts';
import { report } from '../kit/outcome.ts';
import { wholeNumber } from '../kit/values.ts';

const MAX_LISTED = 1_000;
const MAX_AGE_S = MAX_STUCK_AGE_MS / SECOND_MS;

const textOf = ({ lookedAt, total, orders }: StuckOrders): string => {
  const rows = orders.map(({ orderId, status, reason, since, ageMs }) => [
    orderId,
    status,
    reason,
    since,
    `${Math.round(ageMs / SECOND_MS)} s`,
  ]);
  const head = ['order', 'status', 'reason', 'since', 'age'];
  const list = listText('stuck order', head, { entries: rows, hasMore: total > orders.length });
  return lookedAt === undefined ? `${list}\nNothing has been looked at yet: ask again soon.` : list;
};

/** `stuck`: the orders that have stayed in one status for too long. */
export const createStuckCommand = (cli: Cli) =>
  gatewayCommand(cli, 'stuck', 'List the orders that are stuck, with the reason, oldest first')
    .addOption(new Option('--status <status>', 'those in one status').choices(ORDER_STATUSES))
    .addOption(new Option('--reason <reason>', 'those of one reason').choices(STUCK_REASONS))
    .option('--order <id>', 'one order')
    .option('--older-than <seconds>', 'in their status for longer than that', wholeNumber(0, MAX_AGE_S))
    .option('--limit <n>', 'at most so many', wholeNumber(1, MAX_LISTED), 100)
    .action(async ({ status, reason, order, olderThan, limit, ...options }) => {
      const query = {
        limit,
        ...(status === undefined ? {} : { status }),
        ...(reason === undefined ? {} : { reason }),
        ...(order === undefined ? {} : { orderId: order }),
        ...(olderThan === undefined ? {} : { olderThanMs: olderThan * SECOND_MS }),
      };
      const data = await ask(openGateway(cli, options), stuckApi.listStuckOrders, { query });
      await report(cli, options.json, { text: textOf(data), data });
    });
