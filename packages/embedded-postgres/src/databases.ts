import { Client, escapeIdentifier } from 'pg';
import { SUPERUSER } from './cluster.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;

/** The URL of one database of the server on `port`. */
export function databaseUrl(port: number, password: string, database: string): string {
  return `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
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
  const client = new Client({
    connectionString: databaseUrl(port, password, 'postgres'),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  // A lost connection fails the query, too; an error event that nobody hears would end the whole process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    const missing = names.filter((name) => !rows.some((row) => row.datname === name));
    for (const name of missing) await client.query(`create database ${escapeIdentifier(name)}`);
    return missing;
  } finally {
    await client.end();
  }
}
