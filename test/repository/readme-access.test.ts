import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@order-pipeline/testing';
import getPort from 'get-port';
import { read, ROOT } from './files.ts';

// The four lines of the README that try access control, as they stand there but for the port: others may be on 3000.

const README_URL = 'http://127.0.0.1:3000';
const START_LIMIT_MS = 120_000;

let folder: string;
let url: string;
let environment: Record<string, string>;
let started: ChildProcess | undefined;

const blockOf = (firstWords: string): string[] => {
  const blocks = [...read('README.md').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return (blocks.find((block) => block.startsWith(firstWords)) ?? '').trim().split('\n');
};

const LINES = blockOf('AUTH_DEV_ISSUER=on ');

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'readme-access-'));
  const port = await getPort({ host: '127.0.0.1' });
  url = `http://127.0.0.1:${port}`;
  const { PATH = '', HOME = '' } = process.env;
  environment = { PATH, HOME, PORT: String(port), DATA_DIR: path.join(folder, 'data') };
});

/** Ends the start with all that it started, as Ctrl+C at a terminal does. */
afterAll(async () => {
  if (started?.pid !== undefined && started.exitCode === null && started.signalCode === null) {
    const ended = once(started, 'close');
    process.kill(-started.pid, 'SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

test(
  "README's four lines start the system with the development issuer, and register and read a user with its token",
  async () => {
    expect(LINES).toHaveLength(4);
    const [start = '', ...rest] = LINES;
    started = spawn('bash', ['-c', start], { cwd: ROOT, env: environment, detached: true, stdio: 'ignore' });
    await eventually(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200), {
      timeoutMs: START_LIMIT_MS,
    });
    const script = rest.join('\necho\n').replaceAll(README_URL, url);
    const { stdout } = await promisify(execFile)('bash', ['-ec', script], { cwd: ROOT, env: environment });
    const answers = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
    const alice = { userId: 'alice', name: 'Alice', email: 'alice@example.com' };
    expect(answers).toEqual([expect.objectContaining({ userId: 'alice' }), expect.objectContaining(alice)]);
    expect((await fetch(`${url}/api/users/alice`)).status).toBe(401);
  },
  START_LIMIT_MS + 60_000,
);
