import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from '@jest/globals';
import { openClient } from '@order-pipeline/service-kit/connections.ts';
import type { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/index.ts';
import { serverProcesses } from '../src/processes.ts';
import { waitUntil } from '../src/waiting.ts';
import { testRuntime as runtime } from './runtime.ts';

export const isRoot = process.getuid?.() === 0;
export const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** A folder of the test's own, which everybody may enter, and in it the data folder, which does not exist yet. */
export let top = '';
export let dataDir = '';
const running: EmbeddedPostgres[] = [];
export const children: ChildProcess[] = [];

/** Gives every test of a file its own folder, and afterwards ends whatever it started and removes the folder. */
export function ownFolders(): void {
  beforeEach(() => {
    top = realpathSync(mkdtempSync(path.join(tmpdir(), 'embedded-postgres-')));
    chmodSync(top, 0o755);
    dataDir = path.join(top, 'data');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await kill9(child);
    await Promise.all(running.splice(0).map((postgres) => postgres.stop()));
    for (const pid of serverProcesses(clusterDir())) process.kill(pid, 'SIGKILL');
    await gone();
    rmSync(top, { recursive: true, force: true, maxRetries: 5 });
  });
}

export const clusterDir = (): string => path.join(dataDir, 'postgres');

export async function start(
  options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {},
): Promise<EmbeddedPostgres> {
  const quiet = { databases: ['orders'], log: () => undefined, durability: 'off' } as const;
  const postgres = await startEmbeddedPostgres({ dataDir, runtime, ...quiet, ...options });
  running.push(postgres);
  return postgres;
}

type Report = { pid: number; url: string; error?: string };

export function startChild(options: { uid?: number; gid?: number; detached?: boolean } = {}): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...options,
  });
  children.push(child);
  return child;
}

export async function reportOf(child: ChildProcess): Promise<Report> {
  if (child.stdout === null) throw new Error('the child has no output');
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Report;
  throw new Error('the child ended without a report');
}

export async function kill9(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

export async function gone(): Promise<void> {
  if (!(await waitUntil(runtime, 5_000, () => serverProcesses(clusterDir()).length === 0))) {
    throw new Error('a server outlived its test');
  }
}

export const connected = (url: string): Promise<Client> => openClient({ url, applicationName: 'test' });

export async function query(url: string, text: string): Promise<unknown[]> {
  const client = await connected(url);
  return client
    .query(text)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}
