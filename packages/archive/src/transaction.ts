import type pg from 'pg';

/** Runs work in a transaction; it is undone where the work throws, or answers `false`. */
export const inTransaction = async <T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> => {
  const client = await pool.connect();
  let isOver = false;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query(result === false ? 'ROLLBACK' : 'COMMIT');
    isOver = true;
    return result;
  } finally {
    // A connection whose transaction is still open is closed, which undoes it.
    client.release(!isOver);
  }
};
