import pg from 'pg';

export interface ConnectionOptions {
  readonly url: string;
  /** How the server names the session in its lists and logs. */
  readonly applicationName: string;
  /** What the session sets at its start, as `name=value`, after what every session sets. */
  readonly settings?: readonly string[];
}

/**
 * What every session sets. Statements lock rows and then look at them as they are now, and fences and triggers see
 * what was committed while they waited: only READ COMMITTED does that, whatever a database or a role has for its default.
 */
const SESSION = ['TimeZone=UTC', String.raw`default_transaction_isolation=read\ committed`];

/** Takes the options for the server out of a URL, where pg would let them replace ours. */
const splitOptions = (url: string): { readonly url: string; readonly options: string } => {
  if (!URL.canParse(url)) return { url, options: '' };
  const parsed = new URL(url);
  const options = parsed.searchParams.get('options') ?? '';
  parsed.searchParams.delete('options');
  return options === '' ? { url, options } : { url: parsed.href, options };
};

/**
 * How a database is reached: the one place that says what counts beside its URL.
 *
 * - What the URL omits, pg takes from `PGHOST`, `PGUSER`, `PGPASSWORD`, `PGSSLMODE`, … and the password file, as every
 *   program of PostgreSQL does. The URL of the embedded PostgreSQL omits nothing that they could change.
 * - `PGOPTIONS` and `PGCLIENT_ENCODING` never count: a schema or a read-only default that a shell sets for psql would
 *   reach some sessions of ours and not others. Options in the URL do count, for all sessions, with ours after them.
 */
export const connectionConfig = ({ url, applicationName, settings = [] }: ConnectionOptions) => {
  const { url: connectionString, options } = splitOptions(url);
  const ours = [...SESSION, ...settings].map((setting) => `-c ${setting}`);
  const isPlain = /[?&]sslmode=disable(?:&|$)/.test(connectionString);
  return {
    connectionString,
    application_name: applicationName,
    client_encoding: 'UTF8',
    options: [options, ...ours].filter(Boolean).join(' '),
    // PGSSLNEGOTIATION must not ask for TLS where the URL refuses it.
    ...(isPlain ? { sslnegotiation: 'postgres' as const } : {}),
  } satisfies pg.ClientConfig;
};

/** A lost connection fails its next statement; an error event without a listener would end the whole process. */
const ignoreErrors = (client: pg.Client | pg.PoolClient): void => void client.on('error', () => undefined);

/**
 * Opens one connection, whose loss fails its next statement and nothing else.
 *
 * @param limits pg's own limits of time, in milliseconds
 * @throws Error when the database cannot be reached
 */
export const openClient = async (
  options: ConnectionOptions,
  limits: Pick<pg.ClientConfig, 'connectionTimeoutMillis' | 'statement_timeout'> = {},
): Promise<pg.Client> => {
  const client = new pg.Client({ ...connectionConfig(options), ...limits });
  ignoreErrors(client);
  await client.connect();
  return client;
};

/**
 * Connections that are opened as they are needed. The loss of one that is in use fails its next statement; that of an
 * idle one is passed to `onLost`.
 *
 * @param create makes another pool than pg's own
 */
export const openPool = (
  config: pg.PoolConfig,
  onLost: (error: Error) => void,
  create = (given: pg.PoolConfig): pg.Pool => new pg.Pool(given),
): pg.Pool => {
  const pool = create(config);
  // The pool itself listens only to those that are idle.
  pool.on('connect', ignoreErrors);
  pool.on('error', onLost);
  return pool;
};
