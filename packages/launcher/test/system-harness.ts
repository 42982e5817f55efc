import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from '@jest/globals';
import { ACTOR_HEADER } from '@order-pipeline/contracts';
import { createLogger, startSystem, type System } from '../src/index.ts';
import { serverProcesses } from '@order-pipeline/embedded-postgres';
import { eventually as retry } from '@order-pipeline/testing';

export const START = fileURLToPath(new URL('../../../scripts/start.mjs', import.meta.url));

/** The data folder of the test at hand; it does not exist yet when the test begins. */
export let dataDir = '';
const systems: System[] = [];
const children: ChildProcess[] = [];

/** Gives every test of a file its own data folder, and afterwards ends whatever it started. */
export const ownDataDir = (): void => {
  let top = '';
  beforeEach(() => {
    top = mkdtempSync(path.join(tmpdir(), 'launcher-'));
    dataDir = path.join(top, 'data');
  });
  afterEach(async () => {
    for (const system of systems.splice(0)) await system.stop();
    for (const child of children.splice(0)) await end(child, 'SIGKILL');
    await eventually(() => assertNone(killed(postgresProcesses())));
    rmSync(top, { recursive: true, force: true, maxRetries: 5 });
  });
};

/** Tries `assertion` until it holds; a start or a stop may take its time. */
export const eventually = <T>(assertion: () => T | Promise<T>, timeoutMs = 30_000): Promise<T> =>
  retry(assertion, { timeoutMs });

export const postgresProcesses = (): number[] => serverProcesses(path.join(dataDir, 'postgres'));

/** Kills them, as far as they have not ended in the meantime; answers them all. */
const killed = (pids: readonly number[]): readonly number[] => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  return pids;
};

const assertNone = (pids: readonly number[]): void => {
  if (pids.length > 0) throw new Error(`still running: ${pids.join(', ')}`);
};

/** The settings of a system whose orders are delivered within a second or two. */
export const quickSettings = (): Record<string, string> => ({
  PORT: '0',
  DATA_DIR: dataDir,
  WORKFLOW_INTERVAL_MS: '200',
});

export const startHere = async (
  settings: Record<string, string> = {},
  services: readonly string[] = [],
): Promise<System> => {
  const system = await startSystem({
    environment: { ...quickSettings(), ...settings },
    services,
    logger: createLogger('silent'),
    durability: 'off',
  });
  systems.push(system);
  return system;
};

export interface Launched {
  readonly child: ChildProcess;
  /** Everything it has written so far. */
  output(): string;
  /** Resolves with the URL of the API once it is printed. */
  readonly running: () => Promise<string>;
}

/** Runs a program of Node and gathers what it writes. */
export const launch = (
  args: readonly string[],
  settings: Record<string, string> = {},
  program = [START],
): Launched => {
  const child = spawn(process.execPath, [...program, ...args], {
    env: { PATH: process.env['PATH'], ...quickSettings(), LOG_LEVEL: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  const output = (): string => text;
  const running = () =>
    eventually(() => {
      const url = /API +(\S+)\/api/.exec(text)?.[1];
      if (url === undefined) throw new Error(`it is not running yet: ${text}`);
      return url;
    }, 90_000);
  return { child, output, running };
};

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Sends a signal, if one is given, and waits for the end; answers the exit code. */
export const end = async (child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> => {
  const ended = hasEnded(child) ? undefined : once(child, 'close');
  if (signal !== undefined && !hasEnded(child)) child.kill(signal);
  await ended;
  return child.exitCode;
};

/** Whether a process is there, and not merely waiting for its parent to notice its end. */
export const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** Takes a port of 127.0.0.1 until the returned function is called. */
export const takePort = async (): Promise<{ port: number; free: () => void }> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, free: () => void server.close() };
};

/** As the gateway asks a service where access control is off; a service answers nobody who does not say who asks. */
const AS_GATEWAY = { [ACTOR_HEADER]: 'anybody' };

export const post = async (url: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...AS_GATEWAY, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
};

export const get = async (url: string): Promise<unknown> =>
  (await fetch(url, { headers: AS_GATEWAY })).json();

/** Registers a user and an item, and places an order of three units. */
export const placeOrder = async (url: string, orderId: string): Promise<void> => {
  const order = { orderId, userId: 'user11', items: [{ itemId: 'item1', quantity: 3 }] };
  const answers = [
    await post(`${url}/api/users`, { userId: 'user11', name: 'Sriram', email: 'sriram@example.com' }),
    await post(`${url}/api/inventory`, { itemId: 'item1', itemName: 'Laptop', availableQty: 10 }),
    await post(`${url}/api/orders`, { order }),
  ];
  for (const { status, body } of answers)
    if (status !== 201) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
};

export const statusOf = async (url: string, orderId: string): Promise<string> =>
  ((await get(`${url}/api/orders/${orderId}`)) as { status: string }).status;
