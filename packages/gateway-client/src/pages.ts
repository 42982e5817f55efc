import { inventoryApi, type Input, type Item, type ordersApi, type Output } from '@order-pipeline/contracts';
import { GatewayError } from './gateway-error.ts';
import type { Gateway } from './gateway.ts';

const PAGE_SIZE = 1_000;

type PagedOperation = typeof ordersApi.listOrders | typeof inventoryApi.listItems;

/**
 * The pages of a list, newest first, each read when it is asked for.
 *
 * @param filter what of the list is asked for, such as orders of one status
 * @throws GatewayError when the list is refused
 */
export const pagesOf = async function* <O extends PagedOperation>(
  gateway: Gateway,
  operation: O,
  filter: Partial<Input<O>['query']> = {},
): AsyncGenerator<Output<O>> {
  let cursor: string | undefined;
  do {
    const query = { ...filter, limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
    const answer = await gateway.call<PagedOperation>(operation, { query });
    if (answer.refusal) throw new GatewayError(`${operation.path} answered: ${answer.refusal.error}`);
    yield answer.body as Output<O>;
    cursor = answer.nextCursor;
  } while (cursor !== undefined);
};

/**
 * The pages of all items with what is reserved of each.
 *
 * @throws GatewayError when the list is refused, or what is reserved is not shown to the caller
 */
export const itemPagesOf = async function* (gateway: Gateway): AsyncGenerator<Item[]> {
  for await (const page of pagesOf(gateway, inventoryApi.listItems)) {
    yield page.map(({ reservedQty, ...item }) => {
      if (reservedQty === undefined)
        throw new GatewayError('What is reserved is only shown with the scope catalog:write or ops:read');
      return { ...item, reservedQty };
    });
  }
};
