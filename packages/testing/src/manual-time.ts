import type { Runtime } from '@order-pipeline/service-kit';
import { createTestRuntime } from './test-runtime.ts';

/** Time that is stopped until it is advanced. */
export const createManualTime = () => {
  let now = 0;
  let timers: { at: number; fn: () => void }[] = [];
  const runtime: Runtime = createTestRuntime({
    wallClock: () => now,
    monotonic: () => now,
    after: (ms, fn) => {
      const timer = { at: now + ms, fn };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  });
  const advance = (ms: number): void => {
    now += ms;
    const due = timers.filter(({ at }) => at <= now);
    timers = timers.filter(({ at }) => at > now);
    for (const { fn } of due) fn();
  };
  return { runtime, advance, pending: () => timers.length };
};
