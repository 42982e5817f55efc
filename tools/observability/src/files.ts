import { format, resolveConfig } from 'prettier';
import { stringify } from 'yaml';
import { createAlertmanagerConfiguration, createPrometheusConfiguration } from './configuration.ts';
import { DASHBOARDS, toGrafana } from './dashboards/index.ts';
import { createRules, LIFE, type Pace } from './rules.ts';

export { ALERT_GROUPS, runbookOf } from './alerts.ts';
export { DASHBOARDS } from './dashboards/index.ts';
export { createRules, LIFE, type Pace } from './rules.ts';

/** Where all of it is kept. */
export const FOLDER = new URL('../../../deploy/observability/', import.meta.url);

const HEAD = '# Written by `npx -y pnpm observability` from tools/observability; do not edit it.\n';

const yaml = async (content: object): Promise<string> => {
  const style = await resolveConfig(FOLDER);
  return format(HEAD + stringify(content, { lineWidth: 0, aliasDuplicateObjects: false }), {
    ...style,
    parser: 'yaml',
  });
};

const json = async (content: object): Promise<string> => {
  const style = await resolveConfig(FOLDER);
  return format(JSON.stringify(content), { ...style, parser: 'json' });
};

const datasources = {
  apiVersion: 1,
  datasources: [
    {
      name: 'Prometheus',
      uid: 'prometheus',
      type: 'prometheus',
      access: 'proxy',
      url: 'http://prometheus:9090',
      isDefault: true,
      jsonData: { exemplarTraceIdDestinations: [{ name: 'trace_id', datasourceUid: 'jaeger' }] },
    },
    { name: 'Jaeger', uid: 'jaeger', type: 'jaeger', access: 'proxy', url: 'http://jaeger:16686' },
  ],
};

const providers = {
  apiVersion: 1,
  providers: [
    {
      name: 'order-pipeline',
      folder: 'Order pipeline',
      type: 'file',
      options: { path: '/var/lib/grafana/dashboards' },
    },
  ],
};

/** The files that Prometheus and Alertmanager read, by their paths in the folder. */
export const createServerFiles = async (pace: Pace): Promise<ReadonlyMap<string, string>> =>
  new Map([
    ['prometheus/prometheus.yml', await yaml(createPrometheusConfiguration(pace))],
    ['prometheus/rules.yml', await yaml(createRules(pace))],
    ['alertmanager/alertmanager.yml', await yaml(createAlertmanagerConfiguration(pace))],
  ]);

/** Every file that is written, by its path in the folder. */
export const createFiles = async (): Promise<ReadonlyMap<string, string>> => {
  const dashboards = Object.entries(DASHBOARDS).map(
    async ([name, dashboard]) =>
      [`grafana/dashboards/${name}.json`, await json(toGrafana(dashboard))] as const,
  );
  return new Map([
    ...(await createServerFiles(LIFE)),
    ['grafana/provisioning/datasources/prometheus.yml', await yaml(datasources)],
    ['grafana/provisioning/dashboards/order-pipeline.yml', await yaml(providers)],
    ...(await Promise.all(dashboards)),
  ]);
};
