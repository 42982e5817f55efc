import type { Runtime } from '@order-pipeline/service-kit';
import process from 'node:process';
import { watchLaunchChain } from './launch-chain.ts';

/** Why a process is to end. */
export interface StopRequest {
  readonly sentence: string;
  readonly exitCode: 0 | 1;
  /** What was thrown where nobody caught it. */
  readonly error?: unknown;
}

/** One Ctrl-C may arrive twice: from the terminal, and handed on by a package manager. */
const SAME_SIGNAL_WITHIN_MS = 1_000;

/**
 * Waits for the first reason to end: SIGINT, SIGTERM, SIGHUP (the terminal was closed), an error that nobody caught, or
 * that the package manager which started this process is gone. A further signal ends the process at once.
 *
 * @param byScript whether a package manager's script started this process
 */
export const nextStopRequest = (runtime: Runtime, byScript: boolean): Promise<StopRequest> =>
  new Promise((resolve) => {
    let askedAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      const again = askedAt !== undefined && runtime.monotonic() - askedAt > SAME_SIGNAL_WITHIN_MS;
      if (again) process.exit(1);
      askedAt ??= runtime.monotonic();
      resolve({ sentence: `Stopping (${signal}); again to end at once`, exitCode: 0 });
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    process.on('uncaughtException', (error) => {
      resolve({ sentence: `Stopping after an error: ${error.message}`, exitCode: 1, error });
    });
    watchLaunchChain(runtime, byScript, () => {
      resolve({ sentence: 'Stopping: what started this process is gone', exitCode: 0 });
    });
  });
