import { Option } from '@commander-js/extra-typings';
import {
  MAX_WAIT_S,
  mayReach,
  ORDER_LIFECYCLE,
  ORDER_STATUSES,
  ordersApi,
  type HistoryEntry,
  type OrderStatus,
} from '@order-pipeline/contracts';
import type { Gateway } from '@order-pipeline/gateway-client';
import { SECOND_MS, sleep } from '@order-pipeline/service-kit';
import type { Cli } from '../kit/cli.ts';
import { EXIT } from '../kit/exit-code.ts';
import { ask, askPage, gatewayCommand, openGateway } from '../kit/gateway.ts';
import { wholeNumber } from '../kit/values.ts';

const MAX_TIMEOUT_S = 86_400;
/** How long the gateway may take beyond what it was asked to wait. */
const GRACE_MS = 10_000;
/** The pause before asking a gateway again that cannot wait. */
const PAUSE_MS = 1_000;

/** The next status after this one; undefined after the last. */
const next = (status: OrderStatus): OrderStatus | undefined =>
  ORDER_STATUSES.find((other) => ORDER_LIFECYCLE[other].from === status);

/** Waits until the order has left `status`, for so long at most. */
const untilItMoves = async (
  cli: Cli,
  gateway: Gateway,
  orderId: string,
  status: OrderStatus,
  waitS: number,
): Promise<void> => {
  const until = next(status);
  if (until === undefined) return;
  const query = { until, wait: waitS };
  const { headers } = await askPage(gateway, ordersApi.getOrder, { params: { orderId }, query });
  if (headers['preference-applied'] === undefined) await sleep(cli.runtime, PAUSE_MS);
};

/** Follows an order, and hands on each new entry of its history; answers whether it has come to `until`. */
const follow = async (
  cli: Cli,
  gateway: Gateway,
  orderId: string,
  { until, timeoutS }: { readonly until: OrderStatus; readonly timeoutS: number },
  onEntry: (entry: HistoryEntry) => Promise<void>,
): Promise<boolean> => {
  const endAt = cli.runtime.monotonic() + timeoutS * SECOND_MS;
  for (let shown = 0; ;) {
    const history = await ask(gateway, ordersApi.getOrderHistory, { params: { orderId } });
    for (const entry of history.slice(shown)) await onEntry(entry);
    shown = history.length;
    const status = history.at(-1)?.status ?? 'PENDING';
    if (status === until || !mayReach(status, until)) return history.some((entry) => entry.status === until);
    const leftS = Math.ceil((endAt - cli.runtime.monotonic()) / SECOND_MS);
    if (leftS <= 0) return false;
    await untilItMoves(cli, gateway, orderId, status, Math.min(leftS, MAX_WAIT_S));
  }
};

/** `watch`: follows an order until it has come to a status. */
export const createWatchCommand = (cli: Cli) =>
  gatewayCommand(cli, 'watch', 'Follow an order until it is delivered; with --json a line for each step')
    .argument('<orderId>', 'the order')
    .addOption(
      new Option('--until <status>', 'end in this status')
        .choices(ORDER_STATUSES)
        .default('DELIVERED' as const),
    )
    .option('--timeout <s>', 'seconds to wait at most', wholeNumber(1, MAX_TIMEOUT_S), 600)
    .action(async (orderId, { until, timeout, ...options }) => {
      const gateway = openGateway(cli, options, MAX_WAIT_S * SECOND_MS + GRACE_MS);
      const isReached = await follow(cli, gateway, orderId, { until, timeoutS: timeout }, (entry) =>
        cli.print(options.json ? JSON.stringify(entry) : `${entry.at}  ${entry.status}  ${entry.cause}`),
      );
      if (isReached) return;
      cli.say(`${orderId} is not ${until}`);
      cli.exitWith(EXIT.notDone);
    });
