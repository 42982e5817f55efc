import type { Logger } from 'pino';
import { logFailure } from './faults/index.ts';
import type { Runtime } from './runtime.ts';

/** Work that is done again and again, never twice at once. */
export interface Periodic {
  /** Does it now, or once more right after the run that is under way. */
  wake(): void;
  /** Starts no further run and waits for the one under way. */
  stop(): Promise<void>;
}

interface PeriodicOptions {
  readonly name: string;
  readonly intervalMs: number | (() => number);
  readonly restMs?: number;
  readonly atStart?: boolean;
  readonly runtime: Pick<Runtime, 'after' | 'soon'>;
  readonly logger: Logger;
  readonly work: () => Promise<boolean | void>;
}

/** Works until there is no more to do; a failure is logged. */
const workAll = async ({ work, logger, name }: PeriodicOptions, isStopped: () => boolean): Promise<void> => {
  try {
    while (!isStopped() && (await work()));
  } catch (error) {
    if (!isStopped()) logFailure(logger, error, { task: name }, 'periodic task failed, retrying');
  }
};

/**
 * Runs `work` every `intervalMs` milliseconds, counted from the end of the run before; a run that fails is logged with
 * `name` and tried again at the next turn.
 *
 * @param options.intervalMs a function is asked after each run
 * @param options.restMs how long it rests after a run, in milliseconds, even if it is woken: what comes meanwhile is done
 *   along with the rest; default 0
 * @param options.atStart whether the first run is at once instead of after one interval
 * @param options.work answers whether there is more to do right now
 */
export const startPeriodic = (options: PeriodicOptions): Periodic => {
  const { restMs = 0, intervalMs } = options;
  const interval = (): number => (typeof intervalMs === 'number' ? intervalMs : intervalMs());
  let stopped = false;
  let again = false;
  let resting = false;
  let run: Promise<void> | undefined;
  let cancel = (): void => undefined;

  const start = (): void => {
    cancel();
    again = false;
    run = workAll(options, () => stopped).then(() => {
      run = undefined;
      if (!stopped) schedule();
    });
  };
  const wait = (): void => {
    resting = false;
    if (again) start();
    else cancel = options.runtime.after(interval() - restMs, start);
  };
  const schedule = (): void => {
    if (restMs > 0) {
      resting = true;
      cancel = options.runtime.after(restMs, wait);
    } else if (again) options.runtime.soon(() => stopped || run || start());
    else wait();
  };

  if (options.atStart) start();
  else cancel = options.runtime.after(interval(), start);
  return {
    wake: () => {
      if (stopped) return;
      if (run || resting) again = true;
      else start();
    },
    stop: async () => {
      stopped = true;
      cancel();
      await run;
    },
  };
};
