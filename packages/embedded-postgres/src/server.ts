import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import getPort from 'get-port';
import { endLeftovers } from './leftovers.ts';
import { atProcessEnd } from './process-end.ts';
import { readPidFile, signalServer, type StopSignal } from './processes.ts';
import { commandFor, type Launch, type Programs } from './programs.ts';
import { withDescriptor, type ServerLog } from './server-log.ts';
import { serverArguments, type Durability } from './server-settings.ts';
import { waitUntil, type Clock } from './waiting.ts';

export type ServerOptions = {
  readonly cluster: string;
  readonly programs: Programs;
  readonly launch: Launch;
  readonly durability: Durability;
  readonly maxConnections: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly serverLog: ServerLog;
  readonly clock: Clock;
};

/** A running server. */
export type Server = {
  readonly pid: number;
  readonly port: number;
  /** Resolves with a sentence when the server ends without having been asked to; otherwise never. */
  readonly exited: Promise<string>;
  /** Ends it, and every process of it; returns when all are gone. */
  stop(): Promise<void>;
};

const START_TIMEOUT_MS = 120_000;
const PORT_TRIES = 5;
const STOP_STEPS: readonly [StopSignal, number][] = [
  ['SIGINT', 8_000],
  ['SIGQUIT', 3_000],
  ['SIGKILL', 3_000],
];

/**
 * Starts the server on a free port of 127.0.0.1 and waits until it answers, two minutes at most: after a crash it first recovers its files.
 * @throws Error with the server's last words when it does not start.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  for (let tries = 1; ; tries += 1) {
    const server = await spawnServer(options, await getPort({ host: '127.0.0.1' }));
    if (await isReady(server, options)) return server;
    await server.stop();
    const lastWords = options.serverLog.lastLines();
    // Between our choosing the port and PostgreSQL's binding it, another program may take it.
    if (tries < PORT_TRIES && /could not (bind|create any TCP)/.test(lastWords)) continue;
    throw new Error(`PostgreSQL did not start; the end of ${options.serverLog.file} says:\n${lastWords}`);
  }
}

type Spawned = Server & { readonly hasEnded: () => boolean };

async function spawnServer(options: ServerOptions, port: number): Promise<Spawned> {
  const settings = serverArguments(port, options);
  const command = commandFor(options.launch, options.programs.postgres, ['-D', options.cluster, ...settings]);
  const child = withDescriptor(options.serverLog, (log) =>
    spawn(command.file, command.args, { ...command.options, stdio: ['ignore', log, log] }),
  );
  await once(child, 'spawn');
  child.unref();
  if (child.pid === undefined) throw new Error('PostgreSQL has no process number');
  return watch(child, child.pid, port, options);
}

async function isReady(server: Spawned, { cluster, clock }: ServerOptions): Promise<boolean> {
  const ready = (): boolean => {
    const file = readPidFile(cluster);
    return file?.pid === server.pid && file.ready;
  };
  await waitUntil(clock, START_TIMEOUT_MS, () => server.hasEnded() || ready());
  return !server.hasEnded() && ready();
}

function watch(child: ChildProcess, pid: number, port: number, options: ServerOptions): Spawned {
  let stopping: Promise<void> | undefined;
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  // When this process ends without stop(), the server is sent the signal to shut down and does so alone.
  child.once(
    'exit',
    atProcessEnd(() => signalServer(pid, 'SIGINT')),
  );
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      if (stopping === undefined) resolve(`PostgreSQL ended ${how}; ${options.serverLog.file} may say why.`);
    });
  });
  return { pid, port, exited, hasEnded, stop: () => (stopping ??= stopServer(pid, hasEnded, options)) };
}

async function stopServer(pid: number, hasEnded: () => boolean, options: ServerOptions): Promise<void> {
  for (const [signal, waitMs] of STOP_STEPS) {
    if (hasEnded()) break;
    signalServer(pid, signal);
    await waitUntil(options.clock, waitMs, hasEnded);
  }
  // A server that was killed leaves processes that live a moment longer.
  await endLeftovers(options.cluster, options.clock, () => undefined);
}
