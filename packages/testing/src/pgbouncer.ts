import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import getPort from 'get-port';
import { eventually } from './eventually.ts';

/** Whether this machine has PgBouncer: Debian's package `pgbouncer`. */
export const hasPgBouncer = spawnSync('pgbouncer', ['-V']).status === 0;

const NOBODY = { uid: 65_534, gid: 65_534 };
const START_TIMEOUT_MS = 20_000;

/** A database that is to be reached by way of PgBouncer. */
export interface PooledDatabase {
  /** The URL on the server itself. */
  readonly url: string;
  /** How many connections to the server all its clients share. */
  readonly connections: number;
}

/** A PgBouncer in transaction mode that passes no startup parameter over. */
export interface PgBouncer {
  /** The same database by way of PgBouncer, as a service is given it. */
  url(direct: string): string;
  /** Ends it, as a crash does; all its connections end. */
  kill(): Promise<void>;
  /** Starts it anew on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

const userOf = (url: string) => {
  const { username, password } = new URL(url);
  return `${quoted(decodeURIComponent(username))} ${quoted(decodeURIComponent(password))}`;
};

const databaseLine = ({ url, connections }: PooledDatabase): string => {
  const { hostname, port, pathname } = new URL(url);
  return `${pathname.slice(1)} = host=${hostname} port=${port} pool_size=${connections}`;
};

const configuration = (databases: readonly PooledDatabase[], port: number, users: string): string => `
[databases]
${databases.map(databaseLine).join('\n')}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
max_client_conn = 200
server_login_retry = 1
`;

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/**
 * Starts the PgBouncer of this machine before databases of a server.
 *
 * @throws Error with what it says, when it does not start
 */
export const startPgBouncer = async (databases: readonly PooledDatabase[]): Promise<PgBouncer> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'pgbouncer-'));
  const [ini, users] = [path.join(folder, 'pgbouncer.ini'), path.join(folder, 'users.txt')];
  const port = await getPort({ host: '127.0.0.1' });
  await writeFile(users, [...new Set(databases.map(({ url }) => userOf(url)))].join('\n'));
  await writeFile(ini, configuration(databases, port, users));
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    const ended = child;
    child = undefined;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return;
    const closed = once(ended, 'close');
    ended.kill('SIGKILL');
    await closed;
  };
  const start = async (): Promise<void> => {
    // As root it refuses to run, and needs nothing of root's.
    const started = spawn('pgbouncer', [ini], {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(process.getuid?.() === 0 ? NOBODY : {}),
    });
    child = started;
    let said = '';
    started.stderr.on('data', (chunk) => (said = `${said}${String(chunk)}`.slice(-4_000)));
    await eventually(
      async () => {
        if (!(await listens(port))) throw new Error(`PgBouncer does not listen: ${said}`);
      },
      { timeoutMs: START_TIMEOUT_MS },
    );
  };
  // The folder of a temporary name is for its owner alone.
  spawnSync('chmod', ['-R', 'a+rX', folder]);
  await start();
  return {
    url: (direct) => {
      const url = new URL(direct);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      url.searchParams.set('pgbouncer', 'true');
      return url.href;
    },
    kill,
    start,
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
