import { startSystem, StartError } from '@order-pipeline/launcher';
import type { Runtime } from '@order-pipeline/service-kit';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CliError } from '@order-pipeline/cli/kit';
import type { DemoOptions } from './options.ts';

/** The system that the orders walk through. */
export interface Target {
  readonly url: string;
  /** What stands before every id. */
  readonly prefix: string;
  /** How long no order may move before the orders are given up. */
  readonly stallLimitMs: number;
  /** Resolves with a sentence when the system cannot go on; otherwise never. */
  readonly failed: Promise<string>;
  stop(): Promise<void>;
}

export interface TargetParts {
  readonly runtime: Runtime;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Short, so that the demo is; a rate limit would only slow it down. */
const SETTINGS = {
  PORT: '0',
  LOG_LEVEL: 'silent',
  RATE_LIMIT: 'off',
  WORKFLOW_INTERVAL_MS: '1000',
  WORKFLOW_SWEEP_INTERVAL_MS: '5000',
  REPUBLISH_AFTER_MS: '15000',
};
const STALL_LIMIT_MS = 60_000;
/** At its default settings a system repairs a stuck order within 10 minutes. */
const STALL_LIMIT_ELSEWHERE_MS = 900_000;

const startOwnSystem = async ({ runtime, say, signal }: TargetParts): Promise<Target> => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-demo-'));
  const removeData = () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  say('Starting the system: eight services, an embedded PostgreSQL and a broker in memory');
  const startedAt = runtime.monotonic();
  try {
    const system = await startSystem({ environment: { ...SETTINGS, DATA_DIR: dataDir }, runtime, signal });
    const tookMs = runtime.monotonic() - startedAt;
    say(`It runs at ${system.url} after ${(tookMs / 1_000).toFixed(1)} s, docs at ${system.url}/docs`);
    return {
      url: system.url,
      prefix: '',
      stallLimitMs: STALL_LIMIT_MS,
      failed: system.failed,
      stop: async () => {
        await system.stop();
        await removeData();
      },
    };
  } catch (error) {
    await removeData();
    throw error instanceof StartError ? new CliError(error.message) : error;
  }
};

const useRunning = (url: string, run: string | undefined, { runtime, say }: TargetParts): Target => {
  // oxlint-disable-next-line no-restricted-properties -- a name that no earlier run has, and no duration
  const runId = run ?? `demo${runtime.wallClock().toString(36)}`;
  say(`Using the gateway at ${url}; every id of this run begins with ${runId}-`);
  return {
    url,
    prefix: `${runId}-`,
    stallLimitMs: STALL_LIMIT_ELSEWHERE_MS,
    failed: new Promise(() => undefined),
    stop: async () => undefined,
  };
};

/**
 * The gateway that the options name, or a system of the demo's own, on temporary data that is removed when it stops.
 *
 * @throws CliError when it cannot start
 */
export const openTarget = async ({ url, run }: DemoOptions, parts: TargetParts): Promise<Target> =>
  url === undefined ? startOwnSystem(parts) : useRunning(url, run, parts);
