import type { DatabaseName } from '@order-pipeline/contracts';
import { openClient } from '@order-pipeline/service-kit';
import type { TestPostgres } from './test-postgres.ts';

type Client = Awaited<ReturnType<typeof openClient>>;

/** A migrated database of which somebody holds a snapshot, so that the dead rows of a table stay. */
export interface HeldSnapshot {
  readonly url: string;
  /** Opens a connection, which `close` ends. */
  connect(): Promise<Client>;
  /** Ends all connections, and so the snapshot. */
  close(): Promise<void>;
}

/** @param table the one whose dead rows are to stay; autovacuum leaves it alone */
export const holdSnapshot = async (
  postgres: TestPostgres,
  database: DatabaseName,
  table: string,
): Promise<HeldSnapshot> => {
  const url = await postgres.migratedDatabase(database);
  const clients: Client[] = [];
  const connect = async (): Promise<Client> => {
    const client = await openClient({ url, applicationName: 'test' });
    clients.push(client);
    return client;
  };
  const client = await connect();
  await client.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  const holder = await connect();
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await holder.query(`SELECT count(*) FROM ${table}`);
  return {
    url,
    connect,
    close: async () => {
      await Promise.all(clients.map((opened) => opened.end()));
    },
  };
};
