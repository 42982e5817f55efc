import { randomUUID } from 'node:crypto';
import { afterEach, expect } from '@jest/globals';
import {
  inventoryApi,
  reservationsApi,
  type OrderLine,
  type ReservationRef,
  type ReservationRequest,
  type ReservationResult,
} from '@order-pipeline/contracts';
import { createPrismaAdapter, type Broker, type Route } from '@order-pipeline/service-kit';
import {
  createTestBroker,
  createTestLogger,
  createTestRuntime,
  eventually,
  expectCleanAudit,
  inTurn,
  startTestService,
  type TestPostgres,
  type TestPostgresOptions,
  type TestRuntime,
  type TestService,
} from '@order-pipeline/testing';
import { useFixture, useTestPostgres } from '@order-pipeline/testing/fixtures';
import { PrismaClient } from '../src/generated/client.ts';
import { inventoryService } from '../src/index.ts';

/** The inventory service with a look into its database from outside. */
export interface Harness {
  readonly inventory: TestService;
  readonly databaseUrl: string;
  readonly database: PrismaClient;
  readonly runtime: TestRuntime;
  /** Who answers for whom; may be changed while the service runs. */
  readonly clients: { orders?: readonly Route[] };
  /** Starts another instance on the same database; with services of its own to ask where they are given. */
  another(its?: HarnessOptions['clients']): Promise<TestService>;
  /** Adds so many units of an item that no other test has; answers its id. */
  newItem(name: string, availableQty: number): Promise<string>;
  stockOf(itemId: string): Promise<unknown>;
  close(): Promise<void>;
}

export interface HarnessOptions {
  readonly environment?: Record<string, string>;
  readonly broker?: Broker;
  readonly clients?: { orders?: readonly Route[] };
}

/** An id that no other test has. */
export const fresh = (name: string): string => `${name}-${randomUUID()}`;

export const linesOf = (quantities: Readonly<Record<string, number>>): OrderLine[] =>
  Object.entries(quantities).map(([itemId, quantity]) => ({ itemId, quantity }));

export const reserveAll = async (
  on: TestService,
  requests: readonly ReservationRequest[],
): Promise<ReservationResult[]> => {
  const { status, body } = await on.call(reservationsApi.reserveStock, { body: { requests: [...requests] } });
  expect(status).toBe(200);
  return 'results' in body ? body.results : [];
};

export const reserve = async (
  on: TestService,
  orderId: string,
  quantities: Readonly<Record<string, number>>,
): Promise<ReservationResult> => {
  const [result] = await reserveAll(on, [{ orderId, lines: linesOf(quantities) }]);
  if (!result) throw new Error('no result');
  return result;
};

/** Reserves, which has to work, and answers the reference of the reservation. */
export const hold = async (
  on: TestService,
  orderId: string,
  quantities: Readonly<Record<string, number>>,
): Promise<ReservationRef> => {
  const result = await reserve(on, orderId, quantities);
  if (result.outcome !== 'RESERVED') throw new Error(`not reserved: ${JSON.stringify(result)}`);
  return { orderId, reservationId: result.reservationId };
};

export const release = async (
  on: TestService,
  reservations: readonly ReservationRef[],
): Promise<string[]> => {
  const { status, body } = await on.call(reservationsApi.releaseStock, {
    body: { reservations: [...reservations] },
  });
  expect(status).toBe(200);
  return 'releasedOrderIds' in body ? body.releasedOrderIds : [];
};

export const countOf = (results: readonly { readonly outcome: string }[], outcome: string): number =>
  results.filter((result) => result.outcome === outcome).length;

/** Every item's units are where the reservations say, and none is missing. */
export const expectStockToAddUp = ({ databaseUrl }: Pick<Harness, 'databaseUrl'>): Promise<void> =>
  expectCleanAudit({ databases: { inventory: databaseUrl } });

/** Resolves once so many statements wait for a lock. */
export const untilWaiting = (database: PrismaClient, statements: number): Promise<void> =>
  eventually(async () => {
    const rows = await database.$queryRaw`
      SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    expect(rows).toHaveLength(statements);
  });

const ROW_LOCKS = {
  items: 'SELECT FROM items WHERE id = $1 FOR UPDATE',
  reservations: 'SELECT FROM reservations WHERE order_id = $1 FOR UPDATE',
  buckets: 'SELECT FROM stock_buckets WHERE item_id = $1 AND no <= $2 ORDER BY no FOR UPDATE',
} as const;

/** Locks a row until it is unlocked; of `buckets` those of an item up to a number. */
export const lockRow = async (
  database: PrismaClient,
  table: keyof typeof ROW_LOCKS,
  ...key: readonly (string | number)[]
): Promise<() => Promise<void>> => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let done: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    done = database.$transaction(
      async (sql) => {
        await sql.$queryRawUnsafe(ROW_LOCKS[table], ...key);
        resolve();
        await opened;
      },
      { timeout: 60_000 },
    );
    done.catch(reject);
  });
  return () => {
    open();
    return done;
  };
};

/** Lets `work` begin while a row is locked, and unlocks it once `waiting` statements wait: so they meet for certain. */
export const meetAtLock = async <T>(
  database: PrismaClient,
  at: { readonly table: keyof typeof ROW_LOCKS; readonly id: string; readonly waiting: number },
  work: () => Promise<T>,
): Promise<T> => {
  const unlock = await lockRow(database, at.table, at.id);
  try {
    const running = work();
    await untilWaiting(database, at.waiting);
    await unlock();
    return await running;
  } finally {
    await unlock();
  }
};

export const startHarness = async (
  postgres: TestPostgres,
  { environment = {}, broker = createTestBroker(), clients = {} }: HarnessOptions = {},
): Promise<Harness> => {
  const databaseUrl = await postgres.migratedDatabase('inventory');
  const started: TestService[] = [];
  const start = async (runtime: TestRuntime, its = clients): Promise<TestService> => {
    const settings = { RESERVATION_CHECK_AFTER_MS: '600000', ...environment };
    const options = { environment: settings, databaseUrl, broker, clients: its, runtime };
    const service = await startTestService(inventoryService, options);
    started.push(service);
    return service;
  };
  const runtime = createTestRuntime();
  const inventory = await start(runtime);
  const adapter = createPrismaAdapter(databaseUrl, 'test', createTestLogger().logger);
  const database = new PrismaClient({ adapter });
  return {
    inventory,
    databaseUrl,
    database,
    runtime,
    clients,
    another: (its) => start(createTestRuntime(), its),
    newItem: async (name, availableQty) => {
      const itemId = fresh(name);
      const body = { itemId, itemName: `Name of ${itemId}`, availableQty };
      expect((await inventory.call(inventoryApi.addItem, { body })).status).toBe(201);
      return itemId;
    },
    stockOf: async (itemId) => {
      const { body } = await inventory.call(inventoryApi.getItem, { params: { itemId } });
      return 'itemId' in body ? { available: body.availableQty, reserved: body.reservedQty } : body;
    },
    close: () =>
      inTurn(
        () => Promise.all(started.map((service) => service.close())),
        () => database.$disconnect(),
      ),
  };
};

/** The inventory service for the tests of this file. */
export const useHarness = (postgres: TestPostgres, options?: HarnessOptions): Harness =>
  useFixture(
    () => startHarness(postgres, options),
    (harness) => harness.close(),
  );

/** Two instances of the inventory service on one database; after each test every unit is where the reservations say. */
export const useTwoInstances = (options?: TestPostgresOptions) => {
  const harness = useHarness(useTestPostgres(options));
  afterEach(() => expectStockToAddUp(harness));
  return { harness, one: useFixture(() => harness.inventory), other: useFixture(() => harness.another()) };
};
