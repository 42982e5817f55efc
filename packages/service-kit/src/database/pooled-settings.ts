import type pg from 'pg';
import { unavailable } from '../app-error.ts';

/** Any number; nothing else locks it. */
const LOCK = 7_204_120;

type Querying = Pick<pg.ClientBase, 'query'>;

/** What a session is to have, by name, as `current_setting` tells it. */
export type SessionSettings = Readonly<Record<string, string>>;

const DIFFERS = `
  FROM unnest($1::text[], $2::text[]) AS wanted(name, value) WHERE current_setting(name) <> value`;

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Sets what the role does not have yet for this database; one at a time, since two at once fail. */
const placing = (settings: SessionSettings): string => `
  DO $place$
  DECLARE wanted record;
  BEGIN
    PERFORM pg_advisory_xact_lock(${LOCK});
    FOR wanted IN
      SELECT name, value FROM (VALUES ${Object.entries(settings)
        .map(([name, value]) => `(${literal(name)}, ${literal(value)})`)
        .join(', ')}) AS t(name, value)
      WHERE NOT EXISTS (
        SELECT FROM pg_db_role_setting, unnest(setconfig) AS line
        WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = current_user)
          AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND line = t.name || '=' || t.value
      )
    LOOP
      EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET %I = %L', current_database(), wanted.name, wanted.value);
    END LOOP;
  END
  $place$`;

/**
 * Sees to the settings of the connections that PgBouncer has to the server: they are the role's, in this database, which it
 * sets for itself where they are missing. A connection that was opened before is ended then, by a statement that runs
 * on it, so that nobody else is on it.
 *
 * @param settings values as `current_setting` writes them
 * @throws AppError UNAVAILABLE where the connection that was met lacked some: the next one may have them all; what is transient
 *   where the server does not answer
 */
export const keepPooledSettings = async (client: Querying, settings: SessionSettings): Promise<void> => {
  const values = [Object.keys(settings), Object.values(settings)];
  const { rows } = await client.query<{ name: string }>(`SELECT name ${DIFFERS}`, values);
  if (rows.length === 0) return;
  await client.query(placing(settings));
  // Only where it still lacks them: it may be another one by now. Its end is an error.
  await client
    .query(`SELECT pg_terminate_backend(pg_backend_pid()) ${DIFFERS} LIMIT 1`, values)
    .catch(() => undefined);
  const names = rows.map(({ name }) => name).join(', ');
  throw unavailable(`waits for connections of PgBouncer that have ${names} as they were set for its role`);
};
