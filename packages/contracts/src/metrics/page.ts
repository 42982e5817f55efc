import { SERVICE_NAMES } from '../service-names.ts';
import type { MetricDefinition } from './definition.ts';
import { METRICS } from './catalogue.ts';
import { LABEL_KINDS, type LabelKind } from './labels.ts';

/** A metric of the process itself, as prom-client registers it. */
export interface ProcessMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

const HEAD = `# Metrics

Written by \`npx -y pnpm metrics\` from \`packages/contracts/src/metrics\` and the registry of a process; do not edit it.

Every service answers \`GET /metrics\` in Prometheus's text format, or in OpenMetrics to those who prefer it: then the buckets of histograms
have the latest sampled trace as exemplar (\`trace_id\`, \`span_id\`). All metrics below, but those of the process, have the label
\`service\`. A metric of scope *instance* is about the instance that reports it: add the instances up. One of scope *global* is about
what all instances share, and each instance of the service reports it: take the maximum, never the sum.
`;

const code = (text: string): string => `\`${text}\``;
const listed = (names: readonly string[]): string => (names.length > 0 ? names.map(code).join(', ') : '–');
const servicesOf = ({ services }: MetricDefinition): string =>
  services === 'all'
    ? 'all'
    : SERVICE_NAMES.filter((name) => services.includes(name))
        .map(code)
        .join(', ');

const rowOf = ([name, metric]: readonly [string, MetricDefinition]): string =>
  `| ${code(name)} | ${metric.type} | ${metric.unit} | ${listed(Object.keys(metric.labels))} | ${servicesOf(metric)} | ${metric.scope} | ${metric.help} |`;

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** Which labels of which metrics have values of a kind. */
const labelRow = ([kind, sentence]: readonly [string, string]): string => {
  const names = Object.values<MetricDefinition>(METRICS).flatMap(({ labels }) =>
    Object.entries(labels).flatMap(([label, of]) => (of === (kind as LabelKind) ? [label] : [])),
  );
  return `| ${listed([...new Set(names)].toSorted())} | ${sentence} |`;
};

const processRow = ({ name, type, help, labels }: ProcessMetric): string =>
  `| ${code(name)} | ${type} | ${listed(labels)} | ${help} |`;

/**
 * docs/metrics.md: every metric, as Markdown.
 *
 * @param processMetrics what the process reports of itself
 */
export const metricsPage = (processMetrics: readonly ProcessMetric[]): string =>
  [
    HEAD,
    '| metric | type | unit | labels | services | scope | meaning |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...Object.entries<MetricDefinition>(METRICS).toSorted(byName).map(rowOf),
    '',
    '## Labels',
    '',
    'The values of every label are few, whatever clients send: none has an id or an address.',
    '',
    '| label | its values are |',
    '| --- | --- |',
    '| `service` | the service; `a+b` where several share a server that is not the gateway |',
    ...Object.entries(LABEL_KINDS).map(labelRow),
    '',
    '## Process',
    '',
    'Those of Node.js and the operating system, once a process, without the label `service`, on Linux.',
    '',
    '| metric | type | labels | meaning |',
    '| --- | --- | --- | --- |',
    ...processMetrics.map(processRow),
    '',
  ].join('\n');
