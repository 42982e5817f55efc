import { inventoryApi, usersApi, type NewItem, type User } from '@order-pipeline/contracts';
import type { Runtime } from '@order-pipeline/service-kit';
import { cursorIn } from '../gateway.ts';
import type { Requests } from './requests.ts';

const PAGE_SIZE = 500;

/** Users, for an application; registering the same user again changes nothing. */
export const createUsersClient = (requests: Requests) => ({
  /** @throws RefusedError where the id is taken by somebody else */
  register: async (user: User): Promise<void> =>
    void (await requests.ask(usersApi.registerUser, { body: user })),
  get: async (userId: string) => (await requests.ask(usersApi.getUser, { params: { userId } })).body,
});

/** Items and their stock, for an application. */
export const createItemsClient = (requests: Requests, runtime: Pick<Runtime, 'uuid'>) => ({
  /** Adds an item; the same item again changes nothing. */
  add: async (item: NewItem): Promise<void> =>
    void (await requests.ask(inventoryApi.addItem, { body: item })),
  get: async (itemId: string) => (await requests.ask(inventoryApi.getItem, { params: { itemId } })).body,
  /**
   * Adds units to the stock, once, however often it has to be asked.
   *
   * @param idempotencyKey under which it happens once, also from another process; made up if not given
   */
  restock: async (itemId: string, quantity: number, idempotencyKey = runtime.uuid()): Promise<void> => {
    await requests.ask(
      inventoryApi.restockItem,
      { params: { itemId }, body: { quantity } },
      { headers: { 'idempotency-key': idempotencyKey } },
    );
  },
  /** All items, page by page as they are asked for. */
  list: async function* () {
    let cursor: string | undefined;
    do {
      const query = { limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) };
      const { body, headers } = await requests.ask(inventoryApi.listItems, { query });
      yield* body;
      cursor = cursorIn(headers.get('link') ?? undefined);
    } while (cursor !== undefined);
  },
});
