import type { Logger } from 'pino';
import { isTransient, unavailable } from '../app-error.ts';
import { causeOf } from '../faults/index.ts';
import { backoffMs, sleep, type Runtime } from '../runtime.ts';

/** A database that is opened as soon as it is there. */
export interface Opening {
  /** Resolves when it is open, or cannot be opened yet; rejects when it never can. */
  readonly tried: Promise<void>;
  /** Resolves when it is open, or was stopped before; rejects when it never can be. */
  readonly opened: Promise<void>;
  /** Why it is not open; nothing once it is. */
  problem(): string | undefined;
  /** @throws AppError UNAVAILABLE while it is not open */
  check(): void;
  /** Tries no further. */
  stop(): void;
}

const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 2_000;

/**
 * Opens a database, waiting for one that is not there, as long as it takes. It logs one line when it begins to
 * wait, when the reason changes, and when it is open.
 *
 * @param options.open opens it; throws what is transient where it may succeed later
 * @param options.failed called with what was thrown where it can never be opened, once `tried` has resolved
 */
export const startOpening = (options: {
  readonly database: string;
  readonly open: (signal: AbortSignal) => Promise<void>;
  readonly runtime: Pick<Runtime, 'after' | 'random'>;
  readonly logger: Logger;
  readonly failed?: (error: unknown) => void;
}): Opening => {
  const { database, open, runtime, logger } = options;
  const stopping = new AbortController();
  let problem: string | undefined = 'is being opened';
  let hasWaited = false;

  /** @returns whether it is open */
  const attempt = async (): Promise<boolean> => {
    try {
      await open(stopping.signal);
      problem = undefined;
      if (hasWaited) logger.info({ database }, 'database is available');
      return true;
    } catch (error) {
      if (stopping.signal.aborted || !isTransient(error)) throw error;
      const cause = causeOf(error);
      if (cause.reason !== problem)
        logger.warn({ database, ...cause }, 'database is unavailable, waiting for it');
      problem = cause.reason;
      hasWaited = true;
      return false;
    }
  };
  const goOn = async (): Promise<void> => {
    let isOpen = false;
    for (let tries = 1; !isOpen && !stopping.signal.aborted; tries += 1) {
      await sleep(runtime, backoffMs(runtime, tries, FIRST_BACKOFF_MS, MAX_BACKOFF_MS), stopping.signal);
      if (!stopping.signal.aborted) isOpen = await attempt();
    }
  };
  const first = attempt();
  const opened = first.then((isOpen) => (isOpen ? undefined : goOn()));
  // Those who wait for it get the error; the others learn of it by `failed`.
  opened.catch(() => undefined);
  return {
    tried: first.then((isOpen) => {
      if (isOpen) return;
      opened.catch((error: unknown) => stopping.signal.aborted || options.failed?.(error));
    }),
    opened,
    problem: () => problem,
    check: () => {
      if (problem !== undefined) throw unavailable('The database is not there yet, try again in a moment');
    },
    stop: () => stopping.abort(),
  };
};
