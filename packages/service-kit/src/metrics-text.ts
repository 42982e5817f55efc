import { Registry, type Metric, type OpenMetricsContentType } from 'prom-client';

/** The metrics of a process as text. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

const OPEN_METRICS = Registry.OPENMETRICS_CONTENT_TYPE;

interface Clause {
  readonly type: string;
  readonly version: string | undefined;
  /** From 0 to 1. */
  readonly weight: number;
}

const clauseOf = (text: string): Clause => {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const valueOf = (name: string): string | undefined =>
    parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
  return { type, version: valueOf('version'), weight: Number(valueOf('q') ?? 1) };
};

/** Whether a client prefers OpenMetrics to plain text. */
const prefersOpenMetrics = (accept = ''): boolean => {
  const clauses = accept.split(',').map(clauseOf);
  const weightOf = (matches: (clause: Clause) => boolean): number =>
    Math.max(0, ...clauses.filter(matches).map(({ weight }) => weight));
  const open = weightOf(
    ({ type, version = '1.0.0' }) => type === 'application/openmetrics-text' && version === '1.0.0',
  );
  return open > 0 && open >= weightOf(({ type }) => type === 'text/plain');
};

type Rendered = Pick<Metric, 'get'> & { readonly name: string; readonly type?: string };

/**
 * A counter as OpenMetrics has it: its name is that of the family, without the `_total` of its samples. prom-client would rename the
 * counter itself, for everybody.
 */
const counterFamily = (counter: Rendered): Rendered => {
  const name = counter.name.replace(/_total$/, '');
  return { name, type: 'counter', get: async () => ({ ...(await counter.get()), name }) };
};

/** The same metrics in a registry that speaks OpenMetrics, which alone has exemplars. */
const openMetricsOf = (registry: Registry): Registry<OpenMetricsContentType> => {
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(OPEN_METRICS);
  for (const metric of registry.getMetricsAsArray() as unknown as Rendered[])
    open.registerMetric((metric.type === 'counter' ? counterFamily(metric) : metric) as unknown as Metric);
  return open;
};

/**
 * The metrics of a process in the format that a client prefers: OpenMetrics with exemplars, or Prometheus's plain text.
 *
 * @param accept the header of its request
 */
export const renderMetrics = async (registry: Registry, accept?: string): Promise<MetricsText> => {
  const chosen = prefersOpenMetrics(accept) ? openMetricsOf(registry) : registry;
  return { contentType: chosen.contentType, text: await chosen.metrics() };
};
