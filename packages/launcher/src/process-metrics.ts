import type { ProcessMetric } from '@order-pipeline/contracts';
import type { Health, Metrics } from '@order-pipeline/service-kit';
import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** What a service reports of its process: which version runs, and whether it is ready when somebody asks. */
export const measureProcess = (metrics: Metrics, readiness: Health['readiness']): void => {
  metrics.gauge('order_pipeline_build_info').set({ version }, 1);
  const ready = metrics.gauge('service_ready');
  ready.whenAsked(async () => {
    const { status } = await readiness();
    ready.set({}, status === 'ready' ? 1 : 0);
  });
};

interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

/** What every process reports of itself, wherever it runs. */
export const describeProcessMetrics = (): ProcessMetric[] => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = registry.getMetricsAsArray() as unknown as readonly Described[];
  return metrics.map(({ name, help, type, labelNames }) => ({
    name,
    help: help.endsWith('.') ? help : `${help}.`,
    type,
    labels: labelNames,
  }));
};
