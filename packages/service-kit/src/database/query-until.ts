import type pg from 'pg';
import { notAwaited } from '../app-error.ts';
import { requestCancel } from './cancel-request.ts';

/**
 * Runs a statement that is cancelled when `signal` is aborted. It ends when the database has ended it, so that the caller that
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
  // Where it cannot be asked, the statement's own limit ends it.
  const cancel = (): void => void requestCancel(client, () => isRunning).catch(() => undefined);
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
