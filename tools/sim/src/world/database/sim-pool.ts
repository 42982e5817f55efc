import { CONNECT_TIMEOUT_MS, POOL_SIZE } from '@order-pipeline/service-kit';
// oxlint-disable-next-line no-restricted-imports -- only its prototype, by which Prisma knows a pool
import pg from 'pg';
import type { SimProcess } from '../sim-process.ts';
import { never, type World } from '../world.ts';
import { failures } from './failures.ts';
import type { RealDatabase } from './real-database.ts';
import { createSimConnection, type SimConnection } from './sim-connection.ts';

export interface SimPoolOptions {
  readonly world: World;
  readonly process: SimProcess;
  readonly database: RealDatabase;
}

/** Lets at most `POOL_SIZE` hold a connection; the others wait in their order, and not for ever. */
const createSlots = ({ world, process }: SimPoolOptions) => {
  const waiting: (() => void)[] = [];
  let taken = 0;
  return {
    take: (): Promise<void> =>
      new Promise((resolve, reject) => {
        const enter = (): void => {
          cancel();
          taken += 1;
          resolve();
        };
        const giveUp = (): void => {
          waiting.splice(waiting.indexOf(enter), 1);
          reject(failures.noConnection());
        };
        const cancel = world.time.after(CONNECT_TIMEOUT_MS, giveUp, process);
        if (taken < POOL_SIZE) enter();
        else waiting.push(enter);
      }),
    free: (): void => {
      taken -= 1;
      waiting.shift()?.();
    },
  };
};

/** A statement as `pg` takes it: with its values, or as its text and them. */
type Query = (statement: string | pg.QueryConfig, values?: unknown[]) => Promise<pg.QueryResult>;

const queryOf =
  (connection: SimConnection): Query =>
  (statement, values) =>
    connection.query(
      typeof statement === 'string' ? { text: statement, ...(values ? { values } : {}) } : statement,
    );

/**
 * The connections of one simulated process, as `pg` has them: every statement travels through the simulated network and
 * is carried out by the real server. When the process dies they break, and what was open is rolled back.
 */
export const createSimPool = (options: SimPoolOptions): pg.Pool => {
  const { world, process, database } = options;
  const name = `${process.slot.id}/database`;
  const chances = world.streams(`${name}/chances`);
  const slots = createSlots(options);
  const open = new Set<SimConnection>();
  process.onDeath(() => {
    for (const connection of open) connection.close();
  });
  database.onDown(() => {
    for (const connection of open) connection.cut();
  });

  const connect = async (): Promise<SimConnection> => {
    if (process.isDead()) return never();
    await slots.take();
    if (
      database.isDown() ||
      world.faultInjector.hits('database: connection refused', chances, process.slot.id)
    ) {
      slots.free();
      throw failures.refused();
    }
    if (database.conditions.has('too many connections')) {
      slots.free();
      throw failures.tooManyConnections();
    }
    const connection = createSimConnection({ ...options, name });
    open.add(connection);
    return connection;
  };
  const release = (connection: SimConnection): void => {
    connection.close();
    open.delete(connection);
    slots.free();
  };

  const pool = {
    options: {},
    on: () => pool,
    removeListener: () => pool,
    end: async () => undefined,
    query: async (...statement: Parameters<Query>) => {
      const connection = await connect();
      try {
        return await queryOf(connection)(...statement);
      } finally {
        release(connection);
      }
    },
    connect: async () => {
      const connection = await connect();
      return {
        query: queryOf(connection),
        on: () => undefined,
        removeListener: () => undefined,
        release: () => release(connection),
      };
    },
  };
  // The driver adapter knows a pool by its prototype.
  return Object.assign(Object.create(pg.Pool.prototype) as pg.Pool, pool);
};
