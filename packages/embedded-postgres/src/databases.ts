import { openClient } from '@order-pipeline/service-kit/connections.ts';
import { escapeIdentifier } from 'pg';
import { SUPERUSER } from './cluster.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;

/**
 * The URL of one database of the server on `port`. It says all that pg would else take from the environment: that there
 * is no TLS on the loopback interface, and that the session replicates nothing.
 */
export function databaseUrl(port: number, password: string, database: string): string {
  return `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}?sslmode=disable&replication=false`;
}

/**
 * Creates those of the named databases that are missing.
 * @returns the names of the created ones, in the order given.
 */
export async function ensureDatabases(
  port: number,
  password: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const client = await openClient(
    { url: databaseUrl(port, password, 'postgres'), applicationName: 'embedded-postgres' },
    { connectionTimeoutMillis: CONNECT_TIMEOUT_MS, statement_timeout: STATEMENT_TIMEOUT_MS },
  );
  try {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    const missing = names.filter((name) => !rows.some((row) => row.datname === name));
    for (const name of missing) await client.query(`create database ${escapeIdentifier(name)}`);
    return missing;
  } finally {
    await client.end();
  }
}
