import { reservationsApi, type DatabaseName } from '@order-pipeline/contracts';
import { SERVICES } from '@order-pipeline/launcher';
import { connectionConfig, openClient, openPool } from '@order-pipeline/service-kit';
import { startTestPostgres, startTestService } from '@order-pipeline/testing';
import type pg from 'pg';
import type { Condition } from './conditions.ts';
import { createStatements, type Statements } from './statements.ts';

/** The real database of a service. */
export interface RealDatabase {
  readonly url: string;
  /** A connection with an open transaction to come. */
  open(): Promise<pg.PoolClient>;
  /** Runs a statement, on a connection of its own if none is given. */
  run(
    client: pg.PoolClient | undefined,
    config: pg.QueryConfig,
    on: (used: pg.PoolClient) => void,
  ): Promise<pg.QueryResult>;
  /** Makes the open transaction fail. */
  poison(client: pg.PoolClient): Promise<void>;
  rollBack(client: pg.PoolClient): Promise<void>;
  /** Ends the statement that this connection has in hand; `ended` settles when it has ended. */
  cancel(client: pg.PoolClient, ended: Promise<unknown>): Promise<void>;
  /** Reads at this instant, past the simulation. */
  read<R extends pg.QueryResultRow>(sql: string): Promise<R[]>;
  /** What it does not take at present; changed by the fault injector. */
  readonly conditions: Set<Condition>;
  isDown(): boolean;
  goDown(): void;
  comeBack(): void;
  /** Calls `fn` whenever it goes down, until the next reset. */
  onDown(fn: () => void): void;
  reset(): Promise<void>;
}

/** One PostgreSQL for all seeds. */
export interface RealServer {
  readonly databases: Readonly<Record<DatabaseName, RealDatabase>>;
  readonly statements: Statements;
  /** Empties every database. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** What the checks need of the server. */
export interface ReadableServer {
  readonly databases: Readonly<Record<DatabaseName, Pick<RealDatabase, 'read'>>>;
}

const MAX_CONNECTIONS = 25;
/** A real deadlock is found at once, by the one that closed the circle, and no real time has to pass. */
const SESSION = ['deadlock_timeout=1'];

/** What the planner knows of the tables must not depend on when somebody came by to count them. */
const forgetStatistics = async (pool: pg.Pool): Promise<void> => {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  for (const { name } of rows) await pool.query(`ALTER TABLE ${name} SET (autovacuum_enabled = false)`);
};

const truncate = async (pool: pg.Pool): Promise<void> => {
  const { rows } = await pool.query<{ tables: string | null }>(
    `SELECT string_agg(quote_ident(tablename), ', ') AS tables FROM pg_tables
     WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`,
  );
  if (rows[0]?.tables) await pool.query(`TRUNCATE ${rows[0].tables} RESTART IDENTITY CASCADE`);
};

const createRealDatabase = (url: string, pool: pg.Pool, statements: Statements): RealDatabase => {
  let isDown = false;
  const conditions = new Set<Condition>();
  const listeners = new Set<() => void>();
  return {
    url,
    open: () => statements.track(() => pool.connect()),
    run: (client, config, on) =>
      statements.track(async (track) => {
        const used = client ?? (await pool.connect());
        track(used);
        on(used);
        try {
          return await used.query(config);
        } finally {
          if (!client) used.release();
        }
      }),
    poison: (client) =>
      statements.track(async (on) => {
        on(client);
        await client.query('SELECT 1 / 0').catch(() => undefined);
      }),
    rollBack: (client) =>
      statements.track(async (on) => {
        on(client);
        await client.query('ROLLBACK');
        client.release();
      }),
    cancel: (client, ended) =>
      statements.track(async () => {
        await statements.cancel(client);
        await ended.catch(() => undefined);
      }),
    read: async <R extends pg.QueryResultRow>(sql: string) => (await pool.query<R>(sql)).rows,
    conditions,
    isDown: () => isDown,
    goDown: () => {
      isDown = true;
      for (const fn of listeners) fn();
    },
    comeBack: () => {
      isDown = false;
    },
    onDown: (fn) => void listeners.add(fn),
    reset: async () => {
      isDown = false;
      conditions.clear();
      listeners.clear();
      await truncate(pool);
    },
  };
};

const openRealPool = (url: string): pg.Pool =>
  openPool(
    {
      ...connectionConfig({ url, applicationName: 'simulation', settings: SESSION }),
      max: MAX_CONNECTIONS,
      // No timers: a simulation provides its own time for them.
      idleTimeoutMillis: 0,
    },
    () => undefined,
  );

/** What Prisma loads at its first transaction takes real time, which no simulation should have to wait for. */
const warmUp = async (databaseUrl: string): Promise<void> => {
  const inventory = await startTestService(SERVICES.inventory, { databaseUrl });
  const requests = [{ orderId: 'first', lines: [{ itemId: 'unknown', quantity: 1 }] }];
  await inventory.call(reservationsApi.reserveStock, { body: { requests } });
  await inventory.close();
};

export const startRealServer = async (): Promise<RealServer> => {
  const postgres = await startTestPostgres();
  const monitor = await openClient({
    url: await postgres.freshDatabase('monitor'),
    applicationName: 'simulation',
  });
  const statements = createStatements(monitor);
  const pools: pg.Pool[] = [];
  const openReal = async (name: DatabaseName): Promise<RealDatabase> => {
    const url = await postgres.migratedDatabase(name);
    const pool = openRealPool(url);
    pools.push(pool);
    await forgetStatistics(pool);
    return createRealDatabase(url, pool, statements);
  };
  await warmUp(await postgres.migratedDatabase('inventory'));
  const databases = {
    users: await openReal('users'),
    inventory: await openReal('inventory'),
    orders: await openReal('orders'),
  };
  return {
    databases,
    statements,
    reset: async () => {
      for (const database of Object.values(databases)) await database.reset();
    },
    stop: async () => {
      await monitor.end();
      await Promise.all(pools.map((pool) => pool.end()));
      await postgres.stop();
    },
  };
};
