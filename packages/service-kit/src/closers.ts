import type { Logger } from 'pino';
import { unavailable } from './app-error.ts';
import { logFailure } from './faults/index.ts';
import type { Runtime } from './runtime.ts';
import { withTimeout } from './runtime.ts';

/** What was opened and has to be closed: in reverse, each close bounded in time. */
export interface Closers {
  add(name: string, close: () => Promise<unknown>): void;
  /** Closes everything, the last opened first; one that fails or takes too long is logged and left. */
  closeAll(): Promise<void>;
}

const CLOSE_LIMIT_MS = 4_000;

export const createClosers = (runtime: Runtime, logger: Logger): Closers => {
  const opened: { name: string; close: () => Promise<unknown> }[] = [];
  return {
    add: (name, close) => opened.push({ name, close }),
    closeAll: async () => {
      for (const { name, close } of opened.splice(0).toReversed()) {
        try {
          await withTimeout(runtime, CLOSE_LIMIT_MS, close(), () =>
            unavailable(`not closed within ${CLOSE_LIMIT_MS} ms`),
          );
        } catch (error) {
          logFailure(logger, error, { part: name }, 'shutdown hook failed');
        }
      }
    },
  };
};
