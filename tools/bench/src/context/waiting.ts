import { setTimeout as pause } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import { CliError } from '@order-pipeline/cli/kit';

const LOOK_EVERY_MS = 100;

export interface WaitOptions {
  readonly timeoutMs: number;
  /** What was waited for, as in `Gave up after 30 s waiting until <what>`. */
  readonly what: string;
}

/**
 * Looks every tenth of a second until `look` finds something.
 *
 * @throws CliError when the time is up; whatever `look` throws
 */
export const waitUntil = async <T>(
  look: () => Promise<T | undefined>,
  { timeoutMs, what }: WaitOptions,
): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline)
      throw new CliError(`Gave up after ${timeoutMs / 1_000} s waiting until ${what}.`);
    await pause(LOOK_EVERY_MS);
  }
};
