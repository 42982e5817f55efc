import { startPeriodic, type Metrics, type Periodic, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { LetterStore } from './store.ts';

const INTERVAL_MS = 2_000;

/** Measures how many dead letters wait for an operator, as far as they are counted. */
export const startOpenMetrics = (options: {
  readonly store: LetterStore;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
}): Periodic => {
  const gauge = options.metrics.gauge(
    'dead_letters_open',
    'Dead letters that no operator has worked yet, by topic and group; of each, the first 10,000 are counted',
    ['topic', 'group'],
  );
  let measured: { topic: string; group: string }[] = [];
  return startPeriodic({
    name: 'count of dead letters',
    intervalMs: INTERVAL_MS,
    atStart: true,
    runtime: options.runtime,
    logger: options.logger,
    work: async () => {
      const counts = await options.store.countOpen();
      // Those of which none is open any more are not counted by the database.
      for (const labels of measured) gauge.set(labels, 0);
      for (const { letters, ...labels } of counts) gauge.set(labels, letters);
      measured = counts.map(({ topic, group }) => ({ topic, group }));
    },
  });
};
