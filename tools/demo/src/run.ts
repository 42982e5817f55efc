import { ORDER_STATUSES } from '@order-pipeline/contracts';
import { createGateway, GatewayError } from '@order-pipeline/gateway-client';
import { setMaxListeners } from 'node:events';
import { createBoard, type Board } from './board.ts';
import { firstOrders, readDataset, readSuperstore, withPrefix, type Dataset } from './dataset.ts';
import { CliError } from '@order-pipeline/cli/kit';
import { readEarlierOrders, readFound } from './findings.ts';
import type { DemoOptions } from './options.ts';
import { placeOrders, prepare, type Placement, type PlaceOptions } from './place.ts';
import { isFine, reportLines, secondsInWords, type Result } from './report.ts';
import type { Screen, View } from './screen.ts';
import { openTarget, type Target, type TargetParts } from './target.ts';
import { verify, walkTimesMs } from './verify.ts';
import { watchOrders } from './watch.ts';
import { countOf, formatCount } from '@order-pipeline/cli/kit';

export type RunParts = Omit<TargetParts, 'say'> & { readonly screen: Screen };

/** A view of how many of `total` are done, and the function that counts one more. */
const createCount = (label: string, total: number) => {
  let value = 0;
  return { done: () => void (value += 1), view: (): View => ({ bars: [{ label, value, total }] }) };
};

const boardView = (board: Board): View => {
  const counts = board.counts();
  const { total } = board;
  const width = formatCount(total).length;
  return {
    bars: [
      { label: 'placed', value: board.placed(), total },
      { label: 'finished', value: counts.DELIVERED + counts.CANCELLED, total },
    ],
    // As wide as they can become, so that the line does not jump.
    note: ORDER_STATUSES.map((status) => `${status} ${formatCount(counts[status]).padEnd(width)}`)
      .join('  ')
      .trimEnd(),
  };
};

type Steps = PlaceOptions & { readonly screen: Screen; readonly target: Target };

const registerAll = async (dataset: Dataset, steps: Steps): Promise<void> => {
  const { screen, runtime } = steps;
  const { users, items } = dataset;
  const startedAt = runtime.monotonic();
  const { done, view } = createCount('users and items', users.length + items.length);
  await screen.during(prepare(dataset, steps, done), view);
  const took = secondsInWords(runtime.monotonic() - startedAt);
  screen.say(
    `Registered ${countOf(users.length, 'user')} and added ${countOf(items.length, 'item')} in ${took}`,
  );
};

const walkAll = async (dataset: Dataset, steps: Steps, cancelEvery: number): Promise<Placement> => {
  const { screen, target, gateway } = steps;
  const { orders } = dataset;
  const board = createBoard(orders.map(({ orderId }) => orderId));
  const earlier = await readEarlierOrders(dataset, { gateway, prefix: target.prefix });
  for (const { orderId, status } of earlier) board.note(orderId, status);
  let isPlacing = true;
  // One that fails ends the other, too.
  const failed = new AbortController();
  const signal = AbortSignal.any([steps.signal, failed.signal]);
  const endBoth = (error: unknown): never => {
    failed.abort(error);
    throw error;
  };
  const placing = placeOrders(orders, board, { ...steps, signal, cancelEvery }).finally(() => {
    isPlacing = false;
  });
  const watching = watchOrders({
    ...steps,
    board,
    signal,
    isPlacing: () => isPlacing,
    stallLimitMs: target.stallLimitMs,
  });
  screen.say(`Placing ${countOf(orders.length, 'order')} in the order of their date, and watching them walk`);
  const both = Promise.allSettled([placing.catch(endBoth), watching.catch(endBoth)]);
  const [placed, watched] = await screen.during(both, () => boardView(board));
  if (placed.status === 'rejected') throw placed.reason;
  if (watched.status === 'rejected') throw watched.reason;
  return placed.value;
};

const checkAll = async (dataset: Dataset, steps: Steps, placement: Placement): Promise<Result> => {
  const { screen, target, gateway, concurrency } = steps;
  const orderCount = dataset.orders.length;
  const { done, view } = createCount('checked', orderCount - placement.refused.size);
  screen.say('Reading every order, its history and the stock');
  const found = await screen.during(readFound(dataset, { ...steps, prefix: target.prefix }, done), view);
  const checks = verify({ ...dataset, ...placement }, found);
  return {
    orderCount,
    concurrency,
    placement,
    postponedCount: gateway.postponedCount(),
    walkTimesMs: walkTimesMs(found.histories.values()),
    checks,
  };
};

const runOn = async (target: Target, options: DemoOptions, parts: RunParts): Promise<Result> => {
  const { screen, runtime } = parts;
  const broken = new AbortController();
  void target.failed.then((sentence) => broken.abort(new CliError(sentence)));
  const signal = AbortSignal.any([parts.signal, broken.signal]);
  // As many wait on it as there are requests under way.
  setMaxListeners(0, signal);
  const gateway = createGateway({ url: target.url, token: options.token, runtime, signal });
  const steps: Steps = { gateway, runtime, signal, concurrency: options.concurrency, screen, target };
  const dataset = withPrefix(firstOrders(readDataset(readSuperstore()), options.orderCount), target.prefix);
  try {
    await gateway.ping();
    await registerAll(dataset, steps);
    const placement = await walkAll(dataset, steps, options.cancelEvery);
    return await checkAll(dataset, steps, placement);
  } finally {
    await gateway.close();
  }
};

/**
 * Places the orders, follows them to their end and checks what came of them.
 *
 * @returns whether everything is as it should be; where it could not go on, it has said why
 * @throws CliError when the system could not be started
 */
export const runDemo = async (options: DemoOptions, parts: RunParts): Promise<boolean> => {
  const { screen } = parts;
  const target = await openTarget(options, { ...parts, say: screen.say });
  try {
    const result = await runOn(target, options, parts);
    for (const line of reportLines(result)) screen.say(line);
    return isFine(result);
  } catch (error) {
    if (!(error instanceof CliError || error instanceof GatewayError) || parts.signal.aborted) throw error;
    screen.say(error.message);
    return false;
  } finally {
    await target.stop();
  }
};
