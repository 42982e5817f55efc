import type { inventoryApi, ordersApi, Output } from '@order-pipeline/contracts';
import { DemoError } from './demo-error.ts';
import type { Gateway } from './gateway.ts';

const PAGE_SIZE = 1_000;

type PagedOperation = typeof ordersApi.listOrders | typeof inventoryApi.listItems;

/** The pages of a list, newest first, each read when it is asked for. */
export const pagesOf = async function* <O extends PagedOperation>(
  gateway: Gateway,
  operation: O,
): AsyncGenerator<Output<O>> {
  let cursor: string | undefined;
  do {
    const query = { limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
    const answer = await gateway.ask<PagedOperation>(operation, { query });
    if (answer.refusal) throw new DemoError(`${operation.path} answered: ${answer.refusal.error}`);
    yield answer.body as Output<O>;
    cursor = answer.nextCursor;
  } while (cursor !== undefined);
};
