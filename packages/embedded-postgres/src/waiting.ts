import type { Runtime } from '@order-pipeline/service-kit';

/** Time, as far as starting and stopping a database needs it. */
export type Clock = Pick<Runtime, 'monotonic' | 'after'>;

const LOOK_EVERY_MS = 20;

/**
 * Looks every 20 ms whether a condition holds: a file's content and another program's process have no event to wait for.
 * @returns true as soon as the condition holds, false when `timeoutMs` have passed.
 */
export async function waitUntil(clock: Clock, timeoutMs: number, condition: () => boolean): Promise<boolean> {
  const deadline = clock.monotonic() + timeoutMs;
  while (!condition()) {
    if (clock.monotonic() >= deadline) return false;
    await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
  }
  return true;
}
