import {
  inventoryApi,
  itemInspectionApi,
  maySeeField,
  REASON_HEADER,
  reservationsApi,
  serviceActionsApi,
  type ActionName,
  type Actor,
  type Item,
  type NewItem,
  type ReservationRequest,
  type ReservationResult,
} from '@order-pipeline/contracts';
import {
  created,
  ok,
  pageHeaders,
  pageOf,
  pageRequest,
  recordsOf,
  refuse,
  routesOf,
  type ActionRecord,
  type Batcher,
  type CallContext,
  type Inserted,
  type Route,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { isSameItem } from './domain.ts';
import type { InventoryStore, ItemToAdd } from './store/index.ts';

const itemNotFound = (itemId: string) => refuse('ITEM_NOT_FOUND', `There is no item ${itemId}`);
/** Of an item what the actor may see. */
const itemFor =
  (actor: Actor) =>
  ({ itemId, itemName, availableQty, reservedQty }: Item) => ({
    itemId,
    itemName,
    availableQty,
    ...(maySeeField(inventoryApi.getItem.access, 'reservedQty', actor) ? { reservedQty } : {}),
  });

type RecordingRuntime = Pick<Runtime, 'wallClock' | 'hex'>;
type ReasonHeaders = { readonly [REASON_HEADER]?: string } | undefined;

export interface InventoryBatchers {
  readonly items: Batcher<ItemToAdd, Inserted<NewItem>>;
  readonly reservations: Batcher<ReservationRequest, ReservationResult>;
}

/** The key of an `Idempotency-Key` header; it may stand in quotes. */
const keyIn = (header: string | undefined): string | undefined => header?.replaceAll('"', '');

/** Keys are the item's: under the same key another item may be restocked. */
const restockUnderKey = async (
  store: InventoryStore,
  asked: {
    readonly itemId: string;
    readonly quantity: number;
    readonly key: string;
    readonly records: readonly ActionRecord[];
  },
  logger: Logger,
) => {
  const { itemId, quantity, key } = asked;
  const restocked = await store.restockUnderKey(asked);
  if (!restocked) return itemNotFound(itemId);
  if (restocked.quantity !== quantity)
    return refuse('IDEMPOTENCY_KEY_REUSED', `The key ${key} was used for another restock of ${itemId}`);
  if (restocked.isNew) logger.info({ itemId, quantity }, 'item restocked');
  return ok(restocked.item);
};

/** What clients ask: items and their stock. */
const createItemRoutes = (
  store: InventoryStore,
  { items }: InventoryBatchers,
  runtime: RecordingRuntime,
): Route[] => {
  const recordsFor = (action: ActionName, itemId: string, headers: ReasonHeaders, call: CallContext) =>
    recordsOf(call, { action, targets: [itemId], reason: headers?.[REASON_HEADER] }, runtime);
  return routesOf(inventoryApi, {
    addItem: async ({ headers, body }, call) => {
      const { itemId } = body;
      const { logger } = call;
      const records = recordsFor('ADD_ITEM', itemId, headers, call);
      const { stored, isNew } = await items.submit(records.length === 0 ? body : { ...body, records });
      if (!isNew && !isSameItem(stored, body)) {
        return refuse('ID_TAKEN', `The item id ${itemId} is taken by another item`);
      }
      if (isNew) logger.info({ itemId }, 'item added');
      return created({ message: 'Inventory item added' as const, itemId });
    },

    listItems: async ({ query }, { actor, signal }) => {
      const request = pageRequest(query);
      const page = pageOf(await store.listItems(request, signal), request.limit);
      return ok(page.rows.map(itemFor(actor)), pageHeaders(inventoryApi.listItems.path, query, page.next));
    },

    getItem: async ({ params: { itemId } }, { actor }) => {
      const item = await store.getItem(itemId);
      return item ? ok(itemFor(actor)(item)) : itemNotFound(itemId);
    },

    restockItem: async ({ params: { itemId }, headers, body: { quantity } }, call) => {
      const { logger } = call;
      const key = keyIn(headers?.['idempotency-key']);
      const records = recordsFor('RESTOCK_ITEM', itemId, headers, call);
      if (key !== undefined) return restockUnderKey(store, { itemId, quantity, key, records }, logger);
      const item = await store.restock(itemId, quantity, records);
      if (!item) return itemNotFound(itemId);
      logger.info({ itemId, quantity }, 'item restocked');
      return ok(item);
    },
  });
};

const inventoryActions = { findInventoryActions: serviceActionsApi.findInventoryActions } as const;

/** What the orders service asks: reservations, in batches. */
const createReservationRoutes = (
  store: InventoryStore,
  { reservations }: InventoryBatchers,
  runtime: Pick<Runtime, 'failpoint'>,
): Route[] =>
  routesOf(reservationsApi, {
    reserveStock: async ({ body }) => {
      const results = await Promise.all(body.requests.map((request) => reservations.submit(request)));
      await runtime.failpoint('inventory.afterReserveBeforeAnswer');
      return ok({ results });
    },

    releaseStock: async ({ body }, { logger }) => {
      const { ended, locked } = await store.release(body.reservations);
      for (const orderId of ended) logger.info({ orderId }, 'reservation released');
      return ok({ releasedOrderIds: [...ended], lockedOrderIds: [...locked] });
    },

    findReservations: async ({ body: { orderIds } }) => {
      const found = await store.findReservations(orderIds);
      return ok({
        reservations: found.map(({ orderId, reservationId, state }) => ({ orderId, reservationId, state })),
      });
    },
  });

export const createInventoryRoutes = (
  store: InventoryStore,
  batchers: InventoryBatchers,
  runtime: Pick<Runtime, 'failpoint'> & RecordingRuntime,
): Route[] => [
  ...createItemRoutes(store, batchers, runtime),
  ...createReservationRoutes(store, batchers, runtime),
  ...routesOf(itemInspectionApi, {
    inspectItem: async ({ params: { itemId } }) => {
      const item = await store.inspectItem(itemId);
      return item ? ok(item) : itemNotFound(itemId);
    },
  }),
  ...routesOf(inventoryActions, {
    findInventoryActions: async ({ body }) => ok({ actions: await store.findActions(body) }),
  }),
];
