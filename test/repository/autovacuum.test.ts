import { expect, test } from '@jest/globals';
import type { DatabaseName } from '@order-pipeline/contracts';
import { openClient } from '@order-pipeline/service-kit';
import { useTestPostgres } from '@order-pipeline/testing/fixtures';

const postgres = useTestPostgres();

/** The settings of its tables that have any. */
const settingsOf = async (name: DatabaseName): Promise<Record<string, string[]>> => {
  const client = await openClient({ url: await postgres.migratedDatabase(name), applicationName: 'test' });
  try {
    const { rows } = await client.query<{ table: string; settings: string[] }>(
      `SELECT relname AS table, reloptions AS settings FROM pg_class
       WHERE relkind = 'r' AND reloptions IS NOT NULL AND relnamespace = 'public'::regnamespace`,
    );
    return Object.fromEntries(rows.map(({ table, settings }) => [table, settings.toSorted()]));
  } finally {
    await client.end();
  }
};

const GROWING = ['autovacuum_vacuum_insert_scale_factor=0.02', 'autovacuum_vacuum_scale_factor=0.01'];

test('tables that grow, and those whose rows are replaced all the time, are vacuumed before it takes long', async () => {
  expect(await settingsOf('orders')).toEqual({
    orders: GROWING,
    order_history: GROWING,
    outbox: [
      'autovacuum_vacuum_cost_delay=0',
      'autovacuum_vacuum_insert_threshold=-1',
      'autovacuum_vacuum_scale_factor=0',
      'autovacuum_vacuum_threshold=10000',
      'vacuum_truncate=off',
    ],
    order_transitions: ['autovacuum_vacuum_scale_factor=0', 'autovacuum_vacuum_threshold=1000'],
  });
  expect(await settingsOf('inventory')).toEqual({
    reservations: GROWING,
    items: [
      'autovacuum_vacuum_cost_delay=0',
      'autovacuum_vacuum_scale_factor=0',
      'autovacuum_vacuum_threshold=1000',
    ],
    stock_buckets: [
      'autovacuum_vacuum_cost_delay=0',
      'autovacuum_vacuum_scale_factor=0',
      'autovacuum_vacuum_threshold=1000',
      'fillfactor=50',
    ],
  });
});
