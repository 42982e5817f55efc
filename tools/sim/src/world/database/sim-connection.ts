import { LOCK_TIMEOUT_MS } from '@order-pipeline/service-kit';
import type pg from 'pg';
import type { SimProcess } from '../sim-process.ts';
import type { Stream } from '../streams.ts';
import { never, type World } from '../world.ts';
import { refusalOf } from './conditions.ts';
import { failures } from './failures.ts';
import type { RealDatabase } from './real-database.ts';

/** One connection of a simulated process, over a real one as long as it does something. */
export interface SimConnection {
  query(config: pg.QueryConfig): Promise<pg.QueryResult>;
  /** The process is done with it: what is open is rolled back, what is sent is still carried out. */
  close(): void;
  /** The server is done with it: what is open is rolled back at once. */
  cut(): void;
}

type Fate = 'runs' | 'lost before' | 'lost after' | keyof typeof REFUSALS;

const REFUSALS = {
  serialization: failures.serialization,
  deadlock: failures.deadlock,
  timeout: failures.timeout,
} as const;

const TRANSACTION_WORD = /^(?:BEGIN|COMMIT|ROLLBACK)\b/;
const TRANSACTION_END = /^(?:COMMIT|ROLLBACK)$/;
const LOCK_TIMEOUT_SET = /set_config\('lock_timeout'/;
const QUERY_CANCELED = '57014';
const MAX_SLOWNESS_MS = 3_000;
const TRIP_MS = { min: 0.05, max: 0.8 };
/** The longest that a statement is on its way, in milliseconds of the simulation. */
export const LONGEST_TRIP_MS = TRIP_MS.max + MAX_SLOWNESS_MS;

const isRefusal = (fate: Fate): fate is keyof typeof REFUSALS => fate in REFUSALS;

export interface SimConnectionOptions {
  readonly world: World;
  readonly process: SimProcess;
  readonly database: RealDatabase;
  /** Such as `orders.1/database`. */
  readonly name: string;
}

/** What becomes of a statement, as the seed says. */
const drawFate = ({ world, process }: SimConnectionOptions, chances: Stream, text: string): Fate => {
  const hits = (kind: Parameters<typeof world.faultInjector.hits>[0]) =>
    world.faultInjector.hits(kind, chances, process.slot.id);
  if (hits('database: connection lost before the statement')) return 'lost before';
  if (hits('database: connection lost after the statement')) return 'lost after';
  // The server refuses neither a COMMIT under READ COMMITTED nor what only opens or ends a transaction.
  if (TRANSACTION_WORD.test(text)) return 'runs';
  if (hits('database: serialization failure')) return 'serialization';
  if (hits('database: deadlock')) return 'deadlock';
  return hits('database: statement timeout') ? 'timeout' : 'runs';
};

const headOf = (text: string): string => text.trim().replaceAll(/\s+/g, ' ').slice(0, 60);

/** The end of the connection at the server: a real connection, as long as a transaction is open. */
const createServerEnd = ({ world, database }: SimConnectionOptions) => {
  let transaction: pg.PoolClient | undefined;
  /** How long a statement may take; only one that waits for a lock takes any time. */
  let longestMs = LOCK_TIMEOUT_MS;
  let isOpen = true;

  const cut = (): void => {
    isOpen = false;
    const client = transaction;
    transaction = undefined;
    // Nobody else will end what is open.
    if (client) void database.rollBack(client);
  };
  const refuse = async (refusal: Error): Promise<never> => {
    // Within a transaction the server takes nothing more after an error, whatever it was.
    if (transaction) await database.poison(transaction);
    throw refusal;
  };
  /** What a session asks the server to wait for a lock at most; kept here, where time is that of the simulation. */
  const withoutLockTimeout = (config: pg.QueryConfig): pg.QueryConfig => {
    if (!LOCK_TIMEOUT_SET.test(config.text)) return config;
    const [value, ...others] = config.values ?? [];
    longestMs = Number(value);
    return { ...config, values: ['0', ...others] };
  };
  const run = async (config: pg.QueryConfig): Promise<pg.QueryResult> => {
    if (config.text === 'BEGIN') transaction = await database.open();
    const client = transaction;
    let used = client;
    const limitMs = longestMs;
    const ended = database.run(client, withoutLockTimeout(config), (on) => {
      used = on;
    });
    const cancelTimeout = world.time.after(limitMs, () => void (used && database.cancel(used, ended)));
    try {
      return await ended;
    } catch (error) {
      const isCancelled = (error as { code?: unknown }).code === QUERY_CANCELED;
      throw isCancelled ? failures.lockTimeout() : error;
    } finally {
      cancelTimeout();
      if (client && TRANSACTION_END.test(config.text)) {
        transaction = undefined;
        longestMs = LOCK_TIMEOUT_MS;
        client.release();
      }
    }
  };
  return {
    isOpen: () => isOpen,
    cut,
    /** Carries a statement out that has arrived, whether or not the process still lives. */
    take: async (config: pg.QueryConfig, fate: Fate): Promise<pg.QueryResult> => {
      if (!isOpen || database.isDown() || fate === 'lost before') {
        cut();
        throw failures.lost();
      }
      const refusal = isRefusal(fate) ? REFUSALS[fate]() : refusalOf(database.conditions, config.text);
      if (refusal) return refuse(refusal);
      const result = await run(config);
      if (fate !== 'lost after') return result;
      cut();
      throw failures.lost();
    },
  };
};

export const createSimConnection = (options: SimConnectionOptions): SimConnection => {
  const { world, process, name } = options;
  const { time, streams, faultInjector, trace } = world;
  const trips = streams(`${name}/trips`);
  const chances = streams(`${name}/chances`);
  const server = createServerEnd(options);
  let lastArrivalAt = 0;

  /** Lets the statement travel: the answer arrives in a later event, so that real time orders nothing. */
  const travel = (config: pg.QueryConfig, fate: Fate): Promise<pg.QueryResult> =>
    new Promise((resolve, reject) => {
      const isSlow = faultInjector.hits('database: slow', chances, process.slot.id);
      const slownessMs = isSlow ? trips.between(100, MAX_SLOWNESS_MS) : 0;
      const wayThereMs = trips.between(TRIP_MS.min, TRIP_MS.max) + slownessMs;
      const wayBackMs = trips.between(TRIP_MS.min, TRIP_MS.max);
      // What is sent over one connection arrives in the order in which it was sent.
      lastArrivalAt = Math.max(lastArrivalAt, time.now() + wayThereMs);
      time.after(lastArrivalAt - time.now(), () => {
        trace(name, headOf(config.text), fate === 'runs' ? {} : { fate });
        server.take(config, fate).then(
          (result) => time.after(wayBackMs, () => resolve(result)),
          (error: unknown) => time.after(wayBackMs, () => reject(error)),
        );
      });
    });

  return {
    query: async (config) => {
      if (process.isDead()) return never();
      if (!server.isOpen()) throw failures.broken();
      return process.hear(travel(config, drawFate(options, chances, config.text)));
    },
    close: () => {
      if (lastArrivalAt > time.now()) time.after(lastArrivalAt - time.now(), server.cut);
      else server.cut();
    },
    cut: server.cut,
  };
};
