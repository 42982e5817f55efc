import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { startPeriodic, type Metrics, type Periodic, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { LetterStore } from './store.ts';

const INTERVAL_MS = 2_000;

interface Count {
  readonly topic: string;
  readonly group: string;
  readonly letters: number;
}

/** Groups have the names of services. What else the header of a message says is its writer's to choose: all of it is one. */
const byKnownGroup = (counts: readonly Count[]): Count[] => {
  const known = new Map<string, Count>();
  for (const { topic, group: said, letters } of counts) {
    const group = (SERVICE_NAMES as readonly string[]).includes(said) ? said : 'unknown';
    const key = `${topic}/${group}`;
    known.set(key, { topic, group, letters: letters + (known.get(key)?.letters ?? 0) });
  }
  return [...known.values()];
};

/** Measures how many dead letters wait for an operator, as far as they are counted. */
export const startOpenMetrics = (options: {
  readonly store: LetterStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): Periodic => {
  const gauge = options.metrics.gauge('dead_letters_open');
  let measured: { topic: string; group: string }[] = [];
  return startPeriodic({
    name: 'count of dead letters',
    intervalMs: INTERVAL_MS,
    atStart: true,
    runtime: options.runtime,
    logger: options.logger,
    work: async () => {
      const counts = byKnownGroup(await options.store.countOpen());
      // Those of which none is open any more are not counted by the database.
      for (const labels of measured) gauge.set(labels, 0);
      for (const { letters, ...labels } of counts) gauge.set(labels, letters);
      measured = counts.map(({ topic, group }) => ({ topic, group }));
    },
  });
};
