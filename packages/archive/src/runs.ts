import type pg from 'pg';

/** A run that was killed is counted as failed by the one that begins next. */
const BEGIN = `
  UPDATE archive_totals
  SET runs_failed = runs_failed + (running_since IS NOT NULL)::int, running_since = clock_timestamp()`;

const SUCCEED = `
  UPDATE archive_totals
  SET runs_succeeded = runs_succeeded + 1, succeeded_at = clock_timestamp(), running_since = NULL`;

const FAIL = 'UPDATE archive_totals SET runs_failed = runs_failed + 1, running_since = NULL';

/**
 * Runs an archive, and leaves in the orders database how it ended: a job that has ended cannot be asked for metrics.
 *
 * @throws what `work` throws; Error when its success cannot be recorded
 */
export const recordRun = async <T>(orders: pg.Pool, work: () => Promise<T>): Promise<T> => {
  await orders.query(BEGIN);
  try {
    const result = await work();
    await orders.query(SUCCEED);
    return result;
  } catch (error) {
    // Where the database is away the next run counts it.
    await orders.query(FAIL).catch(() => undefined);
    throw error;
  }
};

/** Counts a file in the transaction that removes its orders: what a killed run has archived is counted as well. */
export const countFile = async (client: pg.PoolClient, orders: number, bytes: number): Promise<void> => {
  await client.query(
    'UPDATE archive_totals SET files = files + 1, orders = orders + $1, bytes = bytes + $2',
    [orders, bytes],
  );
};
