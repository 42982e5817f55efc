import type { Logger } from 'pino';
import type { Runtime } from './runtime.ts';

/** Work that is done again and again, never twice at once. */
export interface Periodic {
  /** Does it now, or once more right after the run that is under way. */
  wake(): void;
  /** Starts no further run and waits for the one under way. */
  stop(): Promise<void>;
}

/**
 * Runs `work` every `intervalMs` milliseconds, counted from the end of the run before; a run that fails is logged with
 * `name` and tried again at the next turn.
 *
 * @param options.atStart whether the first run is at once instead of after one interval
 * @param options.work answers whether there is more to do right now
 */
export const startPeriodic = (options: {
  readonly name: string;
  readonly intervalMs: number;
  readonly atStart?: boolean;
  readonly runtime: Pick<Runtime, 'after' | 'soon'>;
  readonly logger: Logger;
  readonly work: () => Promise<boolean | void>;
}): Periodic => {
  let stopped = false;
  let again = false;
  let run: Promise<void> | undefined;
  let cancel = (): void => undefined;

  const attempt = async (): Promise<void> => {
    try {
      while (!stopped && (await options.work()));
    } catch (error) {
      if (!stopped)
        options.logger.warn(
          { err: error, task: options.name },
          'a periodic task failed, it will be tried again',
        );
    }
  };
  const start = (): void => {
    cancel();
    again = false;
    run = attempt().then(() => {
      run = undefined;
      if (!stopped) schedule();
    });
  };
  const schedule = (): void => {
    if (again) options.runtime.soon(() => stopped || run || start());
    else cancel = options.runtime.after(options.intervalMs, start);
  };

  if (options.atStart) start();
  else schedule();
  return {
    wake: () => {
      if (stopped) return;
      if (run) again = true;
      else start();
    },
    stop: async () => {
      stopped = true;
      cancel();
      await run;
    },
  };
};
