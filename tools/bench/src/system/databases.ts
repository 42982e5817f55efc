import { openClient } from '@order-pipeline/service-kit';

/** A connection to a database, for what is asked beside the measuring. */
export interface Session {
  rows<R extends object>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  /** Runs statements of which nothing is answered. */
  run(sql: string): Promise<void>;
}

/** Opens a connection for as long as `use` takes. */
export const withDatabase = async <T>(url: string, use: (session: Session) => Promise<T>): Promise<T> => {
  const client = await openClient({ url, applicationName: 'bench' });
  try {
    return await use({
      rows: async <R extends object>(sql: string, values: readonly unknown[] = []) =>
        (await client.query<R>(sql, [...values])).rows,
      run: async (sql) => void (await client.query(sql)),
    });
  } finally {
    await client.end();
  }
};

/** Creates an empty database on the server of `adminUrl`; answers its URL. */
export const createDatabase = async (adminUrl: string, name: string): Promise<string> => {
  await withDatabase(adminUrl, ({ run }) => run(`CREATE DATABASE "${name}"`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
};

/** As `18.4`. */
export const serverVersion = (url: string): Promise<string> =>
  withDatabase(url, async ({ rows }) => {
    const [row] = await rows<{ server_version: string }>('SHOW server_version');
    return row?.server_version ?? 'unknown';
  });
