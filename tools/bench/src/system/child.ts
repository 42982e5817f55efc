import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { CliError } from '@order-pipeline/cli/kit';
import type { BenchContext } from '../context/context.ts';
import { waitUntil } from '../context/waiting.ts';

const STOP_LIMIT_MS = 15_000;
const START_LIMIT_MS = 60_000;
const LAST_LINES = 10;

export interface ChildOptions {
  /** What it is, for sentences: `the system`. */
  readonly name: string;
  /** The arguments of Node. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where what it writes goes. */
  readonly folder: string;
}

/** A process of Node that a benchmark has started. */
interface Child {
  readonly pid: number;
  /**
   * Waits until it has written what `pattern` matches.
   *
   * @returns the first group of `pattern`
   * @throws CliError with its last words when it ends before
   */
  printed(pattern: RegExp): Promise<string>;
  /** Waits until what it answers at `url` is a success. */
  ready(url: string): Promise<void>;
  /** Asks it to end, and sees to it that it does. */
  stop(): Promise<void>;
}

/** Starts Node in a process group of its own, so that Ctrl-C in a terminal reaches the benchmark alone. */
const startChild = ({ name, args, cwd, environment, folder }: ChildOptions): Child => {
  const files = ['out', 'err'].map((stream) => path.join(folder, `${name.replaceAll(' ', '-')}.${stream}`));
  const descriptors = files.map((file) => openSync(file, 'w'));
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, {
    cwd,
    // However the benchmark ends, a child whose channel is disconnected can end too.
    stdio: ['ignore', ...descriptors, 'ipc'],
    env: { PATH, HOME, ...environment },
    detached: true,
  });
  for (const descriptor of descriptors) closeSync(descriptor);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const output = async (): Promise<string> =>
    (await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))).join('');
  const failIfEnded = async (): Promise<void> => {
    if (!hasEnded()) return;
    const lastWords = (await output()).trimEnd().split('\n').slice(-LAST_LINES).join('\n');
    throw new CliError(`${name} ended while it started. Its last words:\n${lastWords}`);
  };
  return {
    pid: child.pid ?? 0,
    printed: (pattern) =>
      waitUntil(
        async () => {
          await failIfEnded();
          return pattern.exec(await output())?.[1];
        },
        { timeoutMs: START_LIMIT_MS, what: `${name} says where it is` },
      ),
    ready: async (url) => {
      await waitUntil(
        async () => {
          await failIfEnded();
          return fetch(url).then(
            ({ ok }) => ok || undefined,
            () => undefined,
          );
        },
        { timeoutMs: START_LIMIT_MS, what: `${name} is ready` },
      );
    },
    stop: async () => {
      if (hasEnded()) return;
      child.kill('SIGINT');
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(kill);
    },
  };
};

/**
 * Starts a server on a port that the operating system gives it, and waits until it is ready. A port that is chosen before
 * may be another program's by the time that the server takes it.
 *
 * @param options.environment without `PORT`
 * @param address matches what the server prints of where it is; its first group is the URL, without a slash at the end
 */
export const startServer = async (
  { life }: Pick<BenchContext, 'life'>,
  options: ChildOptions,
  address: RegExp,
): Promise<{ readonly url: string; readonly pid: number; stop(): Promise<void> }> => {
  const child = startChild({ ...options, environment: { ...options.environment, PORT: '0' } });
  const stop = life.opened(options.name, () => child.stop());
  const url = await child.printed(address);
  await child.ready(`${url}/health/ready`);
  return { url, pid: child.pid, stop };
};
