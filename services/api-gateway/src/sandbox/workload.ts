import {
  inventoryApi,
  MAX_QUANTITY,
  ordersApi,
  usersApi,
  type Input,
  type NewOrder,
  type Operation,
} from '@order-pipeline/contracts';
import { SECOND_MS, createOwnCall, logFailure, type ServiceContext } from '@order-pipeline/service-kit';

/** So many wait for their answers at most: where orders are placed slowly, fewer are placed. */
const MAX_IN_FLIGHT = 50;
const MAX_UNITS = 3;

const USER = { userId: 'sample-user', name: 'Sample User', email: 'sample@example.com' };
const ITEMS = ['Lamp', 'Chair', 'Desk', 'Shelf', 'Clock'].map((name) => ({
  itemId: `sample-${name.toLowerCase()}`,
  itemName: `Sample ${name}`,
  availableQty: MAX_QUANTITY,
}));

/** Sample orders, placed at a rate. */
export interface SampleWorkload {
  /** Places so many a second from now on; none for 0. */
  setRate(perSecond: number): void;
  state(): {
    readonly perSecond: number;
    readonly placed: number;
    readonly refused: number;
    readonly inFlight: number;
  };
}

type Context = Pick<ServiceContext<unknown>, 'clients' | 'runtime' | 'logger'>;

/** Asks like any client, through the facade. */
const createAsking = (context: Context) => {
  const ownCall = createOwnCall('sandbox', context);
  return async <O extends Operation>(operation: O, body: Input<O>['body']): Promise<boolean> => {
    const input = { params: undefined, query: undefined, body } as unknown as Input<O>;
    const { status } = await context.clients.forward('orders-facade', operation, input, ownCall());
    return status === operation.status;
  };
};

/** Of one or two of the items, a few units each. */
const createOrders = ({ random, hex }: Context['runtime']) => {
  const run = hex(4);
  let count = 0;
  const upTo = (most: number): number => 1 + Math.floor(random() * most);
  return (): NewOrder => {
    const first = Math.floor(random() * ITEMS.length);
    const chosen = [...ITEMS.slice(first), ...ITEMS].slice(0, upTo(2));
    count += 1;
    return {
      orderId: `sample-${run}-${count}`,
      userId: USER.userId,
      items: chosen.map(({ itemId }) => ({ itemId, quantity: upTo(MAX_UNITS) })),
    };
  };
};

/** Places sample orders for a user and of items that are added when the first one is placed. */
export const createSampleWorkload = (context: Context): SampleWorkload => {
  const { runtime, logger } = context;
  const ask = createAsking(context);
  const nextOrder = createOrders(runtime);
  let perSecond = 0;
  let [placed, refused, inFlight] = [0, 0, 0];
  let prepared: Promise<boolean> | undefined;
  let cancel = (): void => undefined;

  const prepare = async (): Promise<boolean> => {
    const done = await Promise.all([
      ask(usersApi.registerUser, USER),
      ...ITEMS.map((item) => ask(inventoryApi.addItem, item)),
    ]);
    return done.every(Boolean);
  };
  /** What stands there already answers as if it were new; where it does not answer, it is tried again with the next order. */
  const whenPrepared = async (): Promise<boolean> => {
    const isPrepared = await (prepared ??= prepare());
    if (!isPrepared) prepared = undefined;
    return isPrepared;
  };
  const place = async (): Promise<void> => {
    inFlight += 1;
    try {
      const isPlaced = (await whenPrepared()) && (await ask(ordersApi.placeOrder, { order: nextOrder() }));
      if (isPlaced) placed += 1;
      else refused += 1;
    } catch (error) {
      prepared = undefined;
      refused += 1;
      logFailure(logger, error, {}, 'sample order could not be placed');
    } finally {
      inFlight -= 1;
    }
  };
  const tick = (): void => {
    if (perSecond === 0) return;
    cancel = runtime.after(SECOND_MS / perSecond, tick);
    if (inFlight < MAX_IN_FLIGHT) void place();
  };
  return {
    setRate: (next) => {
      perSecond = next;
      cancel();
      tick();
    },
    state: () => ({ perSecond, placed, refused, inFlight }),
  };
};
