import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServerFiles, DASHBOARDS } from '@order-pipeline/observability';
import getPort from 'get-port';
import { request } from 'undici';

/** Where the two are, and the settings of Docker Compose for it. */
export interface Monitoring {
  readonly prometheus: string;
  readonly alertmanager: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Prometheus that looks every five seconds, and alerts that fire at once. */
export const prepareMonitoring = async (): Promise<Monitoring> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-observability-'));
  for (const [name, content] of await createServerFiles({ scrapeInterval: '5s', holdFor: '0s' })) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  const ports = [await getPort({ host: '127.0.0.1' }), await getPort({ host: '127.0.0.1' })] as const;
  return {
    prometheus: `http://127.0.0.1:${ports[0]}`,
    alertmanager: `http://127.0.0.1:${ports[1]}`,
    settings: {
      OBSERVABILITY_CONFIG: folder,
      PROMETHEUS_PORT: String(ports[0]),
      ALERTMANAGER_PORT: String(ports[1]),
    },
  };
};

/** Reads what one of them answers as JSON. */
export const readJson = async (url: string): Promise<unknown> => {
  const { statusCode, body } = await request(url);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${text}`);
  return JSON.parse(text);
};

/** What Grafana puts in for its variables. */
const withoutVariables = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$service', '.*');

/** Every query of every dashboard, as Grafana asks it. */
export const QUERIES = Object.entries(DASHBOARDS).flatMap(([dashboard, { rows }]) =>
  rows.flatMap(({ panels }) =>
    panels.flatMap(({ title, queries }) =>
      queries.map(({ expr }) => ({ panel: `${dashboard}: ${title}`, expr: withoutVariables(expr) })),
    ),
  ),
);
