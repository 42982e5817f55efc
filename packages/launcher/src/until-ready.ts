import { sleep, type Readiness } from '@order-pipeline/service-kit';
import type { ServiceHost } from './running-services.ts';

/** How long a start waits until what it started is ready, in milliseconds. What runs elsewhere may not be there at all. */
const READY_LIMIT_MS = 60_000;
const READY_LIMIT_ELSEWHERE_MS = 5_000;
const READY_POLL_MS = 50;

const unready = ({ checks }: Readiness): string =>
  Object.entries(checks)
    .filter(([, answer]) => answer !== 'ok')
    .map(([name, answer]) => `${name} (${answer})`)
    .join(', ');

/** So that the system can be used as soon as it says that it runs: its first request meets no part that still starts. */
export const untilReady = async ({ plan, health, runtime, progress, signal }: ServiceHost): Promise<void> => {
  const isEmbedded = [...plan.databases.values()].every((url) => url === undefined);
  const hasAll = isEmbedded && plan.serviceUrls.size === 0 && plan.kafka === undefined;
  const limitMs = hasAll ? READY_LIMIT_MS : READY_LIMIT_ELSEWHERE_MS;
  const since = runtime.monotonic();
  for (;;) {
    const readiness = await health.readiness();
    if (readiness.status === 'ready' || signal?.aborted) return;
    if (runtime.monotonic() - since >= limitMs) {
      progress(`Not ready yet: ${unready(readiness)}`);
      return;
    }
    await sleep(runtime, READY_POLL_MS, signal);
  }
};
