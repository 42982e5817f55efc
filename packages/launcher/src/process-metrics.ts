import type { ProcessMetric } from '@order-pipeline/contracts';
import { SECOND_MS, type Credentials, type Health, type Metrics } from '@order-pipeline/service-kit';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** When the first certificate of the file ends: that of the process; those behind it are of authorities. */
const notAfter = (pem: string): number => Date.parse(new X509Certificate(pem).validTo) / SECOND_MS;

/**
 * What a service reports of its process: which version runs, whether it is ready when somebody asks, and until when its
 * certificate is good, if it has one.
 */
export const measureProcess = (
  metrics: Metrics,
  readiness: Health['readiness'],
  credentials: Pick<Credentials, 'current'> | undefined,
): void => {
  metrics.gauge('order_pipeline_build_info').set({ version }, 1);
  const ready = metrics.gauge('service_ready');
  ready.whenAsked(async () => {
    const { status } = await readiness();
    ready.set({}, status === 'ready' ? 1 : 0);
  });
  const end = metrics.gauge('tls_certificate_not_after_timestamp_seconds');
  if (credentials) end.whenAsked(() => end.set({}, notAfter(credentials.current().cert)));
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
