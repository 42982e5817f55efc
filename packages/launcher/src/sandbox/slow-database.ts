import { logFailure, openClient, sleep, type FaultSwitch, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';

const APPLICATION = 'sandbox';
const LOCKED_MS = 400;
const FREE_MS = 100;

/** Writes wait for it, reads do not. */
const LOCK = `BEGIN; LOCK TABLE orders IN EXCLUSIVE MODE; SELECT pg_sleep(${LOCKED_MS / 1_000}); COMMIT`;

/**
 * Slows a database down as another session does that locks its orders again and again. It is PostgreSQL itself that lets
 * the writes wait, and that lets them go when the session ends, however it ends.
 *
 * @param url of the orders database
 */
export const createSlowDatabase = (
  url: () => string,
  { runtime, logger }: { readonly runtime: Runtime; readonly logger: Logger },
): FaultSwitch => {
  let hits = 0;
  let ending: AbortController | undefined;

  const lockUntil = async (signal: AbortSignal): Promise<void> => {
    const client = await openClient({ url: url(), applicationName: APPLICATION });
    try {
      while (!signal.aborted) {
        hits += 1;
        await client.query(LOCK);
        await sleep(runtime, FREE_MS, signal);
      }
    } finally {
      await client.end();
    }
  };
  return {
    on: () => {
      hits = 0;
      ending = new AbortController();
      void lockUntil(ending.signal).catch((error: unknown) =>
        logFailure(logger, error, {}, 'database could not be slowed down'),
      );
    },
    off: () => ending?.abort(),
    hits: () => hits,
  };
};
