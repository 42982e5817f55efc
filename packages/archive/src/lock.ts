import type pg from 'pg';
import { ArchiveError } from './archive-error.ts';

/** Any number; nothing else in the orders database locks it. */
const KEY = 7_204_119;

/**
 * Keeps others from archiving the same orders meanwhile, until it is released or its process ends. Held by a transaction
 * and not by a session, so that it holds behind a pooler, too; it has no snapshot, so nobody's cleaning waits for it.
 *
 * What an archive does is right without it: an announced file is taken back, or its orders removed, and never both.
 *
 * @throws ArchiveError when somebody else holds it
 */
export const takeLock = async (orders: pg.Pool): Promise<{ readonly release: () => Promise<void> }> => {
  const client = await orders.connect();
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS taken', [
      KEY,
    ]);
    if (rows[0]?.taken !== true) throw new ArchiveError('Another archive of these orders is running');
    return {
      release: async () => {
        // Awaited, so that the next one finds it free; where the session has ended, it is.
        await client.query('ROLLBACK').catch(() => undefined);
        client.release(true);
      },
    };
  } catch (error) {
    client.release(true);
    throw error;
  }
};
