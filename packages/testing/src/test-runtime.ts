import { createRuntime, type Failpoint, type Runtime } from '@order-pipeline/service-kit';

/** A failpoint at which work is stopped. */
export interface Stop {
  /** Resolves when the work has come there. */
  readonly reached: Promise<void>;
  /** Lets the work go on; without it the work never continues, as after a crash. */
  resume(): void;
}

export interface TestRuntime extends Runtime {
  /** Stops whatever next comes to `point`, once. */
  stopAt(point: Failpoint): Stop;
}

/** A promise with the function that resolves it. */
const createSignal = () => {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
};

/** The runtime of a real process, in which work can be stopped at a crash point, and of which parts can be replaced. */
export const createTestRuntime = (replaced: Partial<Runtime> = {}): TestRuntime => {
  const stops = new Map<Failpoint, () => Promise<void>>();
  return {
    ...createRuntime(),
    failpoint: (point) => {
      const stop = stops.get(point);
      stops.delete(point);
      return stop?.();
    },
    ...replaced,
    stopAt: (point) => {
      const reached = createSignal();
      const resumed = createSignal();
      stops.set(point, () => {
        reached.resolve();
        return resumed.promise;
      });
      return { reached: reached.promise, resume: resumed.resolve };
    },
  };
};
