import type pg from 'pg';
import { notAwaited } from '../app-error.ts';

/** Has the database end what runs on `client`, over another connection. Where none is free, its own limit ends it. */
const cancelStatement = async (
  pool: pg.Pool,
  client: pg.PoolClient,
  isRunning: () => boolean,
): Promise<void> => {
  const other = await pool.connect();
  // By now it may belong to nobody's statement.
  if (!isRunning()) return other.release();
  try {
    const { processID } = client as unknown as { readonly processID: number };
    await other.query('SELECT pg_cancel_backend($1)', [processID]);
    other.release();
  } catch (error) {
    other.release(error as Error);
  }
};

/**
 * Runs a statement that is cancelled when `signal` is aborted. It ends when the database has ended it, so that whoever
 * counts statements counts it for as long as it runs; and since a cancellation may reach the connection late, the
 * connection of one that was cancelled is closed, never used again.
 *
 * @throws AppError UNAVAILABLE when the signal is aborted
 */
export const queryUntil = async (
  pool: pg.Pool,
  statement: pg.QueryConfig,
  signal: AbortSignal,
): Promise<pg.QueryResult<object>> => {
  if (signal.aborted) throw notAwaited();
  const client = await pool.connect();
  if (signal.aborted) {
    client.release();
    throw notAwaited();
  }
  let isRunning = true;
  let problem: unknown;
  const cancel = (): void => void cancelStatement(pool, client, () => isRunning).catch(() => undefined);
  signal.addEventListener('abort', cancel);
  try {
    return await client.query<object>(statement);
  } catch (error) {
    problem = error;
    throw signal.aborted ? notAwaited(error) : error;
  } finally {
    isRunning = false;
    signal.removeEventListener('abort', cancel);
    client.release(signal.aborted || (problem as Error | undefined));
  }
};
