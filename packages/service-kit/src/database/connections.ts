import pg from 'pg';

export interface ConnectionOptions {
  readonly url: string;
  /** How the server names the session in its lists and logs. */
  readonly applicationName: string;
  /**
   * What the session sets at its start, as `name=value`, after what every session sets; nothing behind PgBouncer, whose
   * clients have no sessions of their own.
   */
  readonly settings?: readonly string[];
}

/** What is known of a connection before it is opened. */
export type ConnectionConfig = pg.ClientConfig & { readonly isPooled: boolean };

/** The parameter of a URL by which Prisma, too, knows a PgBouncer that shares connections out by transactions. */
const POOLED = 'pgbouncer';

/** Whether a URL, with `pgbouncer=true`, leads to PgBouncer in transaction mode. */
export const isPooled = (url: string): boolean =>
  URL.canParse(url) && new URL(url).searchParams.get(POOLED) === 'true';

/** Whether what a URL says of PgBouncer cannot be kept: it is neither `true` nor left out, or there are options beside it. */
export const isWronglyPooled = (url: string): boolean => {
  const { searchParams } = new URL(url);
  if (!searchParams.has(POOLED)) return false;
  return searchParams.getAll(POOLED).join() !== 'true' || searchParams.has('options');
};

/**
 * What every session sets. Statements lock rows and then look at them as they are now, and fences and triggers see
 * what was committed while they waited: only READ COMMITTED does that, whatever a database or a role has for its default.
 */
const SESSION = ['TimeZone=UTC', String.raw`default_transaction_isolation=read\ committed`];

/** Takes out of a URL what is no matter of pg: the options for the server, which it would let replace ours, and what is ours. */
const splitOptions = (url: string): { readonly url: string; readonly options: string } => {
  if (!URL.canParse(url)) return { url, options: '' };
  const parsed = new URL(url);
  const options = parsed.searchParams.get('options') ?? '';
  if (options === '' && !parsed.searchParams.has(POOLED)) return { url, options };
  parsed.searchParams.delete('options');
  parsed.searchParams.delete(POOLED);
  return { url: parsed.href, options };
};

/**
 * How a database is reached: the one place that says what counts beside its URL.
 *
 * - What the URL omits, pg takes from `PGHOST`, `PGUSER`, `PGPASSWORD`, `PGSSLMODE`, … and the password file, as every
 *   program of PostgreSQL does. The URL of the embedded PostgreSQL omits nothing that they could change.
 * - `PGOPTIONS` and `PGCLIENT_ENCODING` never count: a schema or a read-only default that a shell sets for psql would
 *   reach some sessions of ours and not others. Options in the URL do count, for all sessions, with ours after them.
 * - Behind PgBouncer there are no options: the sessions are its own (`keepPooledSettings`).
 *
 * @throws Error where a URL leads to PgBouncer and there are settings
 */
export const connectionConfig = ({ url, applicationName, settings = [] }: ConnectionOptions) => {
  const pooled = isPooled(url);
  if (pooled && settings.length > 0)
    throw new Error(
      `PgBouncer does not pass on ${settings.join(', ')}: a URL of PostgreSQL itself is needed`,
    );
  const { url: connectionString, options } = splitOptions(url);
  const ours = [...SESSION, ...settings].map((setting) => `-c ${setting}`);
  const isPlain = /[?&]sslmode=disable(?:&|$)/.test(connectionString);
  return {
    connectionString,
    application_name: applicationName,
    client_encoding: 'UTF8',
    isPooled: pooled,
    options: [options, ...ours].filter(Boolean).join(' '),
    // PGSSLNEGOTIATION must not ask for TLS where the URL refuses it.
    ...(isPlain ? { sslnegotiation: 'postgres' as const } : {}),
  } satisfies ConnectionConfig;
};

/** pg's client; its pool passes its own configuration on to it. */
export class DatabaseClient extends pg.Client {
  constructor(config: pg.ClientConfig & Partial<Pick<ConnectionConfig, 'isPooled'>> = {}) {
    super(config);
    if (config.isPooled !== true) return;
    // PgBouncer refuses every other parameter, also what pg finds in PGOPTIONS. These it keeps for each of its clients.
    const startup = {
      user: this.user,
      database: this.database,
      application_name: config.application_name,
      TimeZone: 'UTC',
    };
    Object.assign(this, { getStartupConf: () => startup });
  }
}

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
  const client = new DatabaseClient({ ...connectionConfig(options), ...limits });
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
  create = (given: pg.PoolConfig): pg.Pool => new pg.Pool({ ...given, Client: DatabaseClient }),
): pg.Pool => {
  const pool = create(config);
  // The pool itself listens only to those that are idle.
  pool.on('connect', ignoreErrors);
  pool.on('error', onLost);
  return pool;
};

/** Whether the connections of a pool lead to PgBouncer. */
export const isPoolPooled = ({ options }: pg.Pool): boolean =>
  (options as Partial<ConnectionConfig> | undefined)?.isPooled === true;
