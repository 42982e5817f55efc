import { SERVICE_NAMES } from '@order-pipeline/contracts';
import { atMostEvery, type Metrics, type Runtime } from '@order-pipeline/service-kit';
import type { LetterStore } from './store.ts';

/** However often somebody asks for the metrics, letters are counted this seldom. */
const MIN_INTERVAL_MS = 2_000;

interface OpenMetricsParts {
  readonly store: Pick<LetterStore, 'countOpen'>;
  readonly runtime: Pick<Runtime, 'monotonic'>;
  readonly metrics: Metrics;
}

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

/** Measures how many dead letters wait for an operator, as far as they are counted, whenever somebody asks for the metrics. */
export const measureOpen = ({ store, runtime, metrics }: OpenMetricsParts): void => {
  const gauge = metrics.gauge('dead_letters_open');
  let measured: { topic: string; group: string }[] = [];
  const measure = async (): Promise<void> => {
    const counts = byKnownGroup(await store.countOpen());
    // Those of which none is open any more are not counted by the database.
    for (const labels of measured) gauge.set(labels, 0);
    for (const { letters, ...labels } of counts) gauge.set(labels, letters);
    measured = counts.map(({ topic, group }) => ({ topic, group }));
  };
  gauge.whenAsked(atMostEvery(runtime, MIN_INTERVAL_MS, measure));
};
