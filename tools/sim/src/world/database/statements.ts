import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** The statements that PostgreSQL has in hand, of all simulated processes. */
export interface Statements {
  /** Counts `work` as under way until it settles; `pid` names the server's process once it is known. */
  track<T>(work: (on: (client: pg.PoolClient) => void) => Promise<T>): Promise<T>;
  /**
   * Resolves when every statement has ended, or waits for a lock that only another simulated process can free: then time
   * has to go on.
   */
  settled(): Promise<void>;
  /** Ends the statement that this connection has in hand, as a statement timeout does. */
  cancel(client: pg.PoolClient): Promise<void>;
}

/** How long a statement may take before it is asked whether it waits for a lock, in milliseconds of real time. */
const FIRST_LOOK_MS = 5;
const SLOWEST_LOOK_MS = 25;

const pidOf = (client: pg.PoolClient): number => ('processID' in client ? Number(client.processID) : 0);

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** @param monitor a connection of its own, which waits for nobody */
export const createStatements = (monitor: Pick<pg.Client, 'query'>): Statements => {
  const running = new Set<{ pid: number }>();
  // Only a statement that ends can free what others wait for.
  let allWait = false;
  let wake = (): void => undefined;

  const isUnderWay = (): boolean => running.size > 0 && !allWait;

  const doAllWait = async (): Promise<boolean> => {
    const pids = [...new Set([...running].map(({ pid }) => pid))];
    const { rows } = await monitor.query<{ pid: number }>(
      'SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pid = ANY($1::int[])',
      [pids],
    );
    const waiting = new Set(rows.map(({ pid }) => pid));
    return running.size > 0 && [...running].every(({ pid }) => waiting.has(pid));
  };

  return {
    track: async (work) => {
      const entry = { pid: 0 };
      running.add(entry);
      allWait = false;
      try {
        return await work((client) => {
          entry.pid = pidOf(client);
        });
      } finally {
        running.delete(entry);
        allWait = false;
        wake();
      }
    },
    settled: async () => {
      let patienceMs = FIRST_LOOK_MS;
      while (isUnderWay()) {
        const progress = new Promise<true>((resolve) => {
          wake = () => resolve(true);
        });
        if (await Promise.race([progress, sleep(patienceMs, false)])) {
          // What is notified of the end may have the next statement at once.
          await turn();
          continue;
        }
        allWait = await doAllWait();
        patienceMs = Math.min(SLOWEST_LOOK_MS, patienceMs * 2);
      }
    },
    cancel: async (client) => {
      await monitor.query('SELECT pg_cancel_backend($1)', [pidOf(client)]);
    },
  };
};
