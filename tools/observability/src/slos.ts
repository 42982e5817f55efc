/** A service level objective: which share of what is asked must go well. */
export interface Slo {
  readonly name: string;
  readonly sentence: string;
  /** The share that may fail. */
  readonly budget: number;
  /** The share that failed within a window, as PromQL; nothing where nothing was asked. */
  errors(window: string): string;
}

const PLACING = 'service="api-gateway",method="POST",route="/api/orders"';
const READING = 'service="api-gateway",method="GET",route=~"/api/.*"';

const rateOf = (metric: string, labels: string, window: string): string =>
  `sum(rate(${metric}${labels === '' ? '' : `{${labels}}`}[${window}]))`;

const failed =
  (labels: string) =>
  (window: string): string => {
    const all = rateOf('http_request_duration_seconds_count', labels, window);
    const bad = rateOf('http_request_duration_seconds_count', `${labels},status=~"5.."`, window);
    return `(${bad} or vector(0)) / (${all} > 0)`;
  };

/** Prometheus 3 writes whole bounds of buckets with a decimal, earlier ones as they come. */
const bound = (seconds: number): string =>
  Number.isInteger(seconds) ? `le=~"${seconds}([.]0)?"` : `le="${seconds}"`;

const slower =
  (metric: string, labels: string, seconds: number) =>
  (window: string): string => {
    const within = rateOf(`${metric}_bucket`, [labels, bound(seconds)].filter(Boolean).join(','), window);
    return `1 - (${within} / (${rateOf(`${metric}_count`, labels, window)} > 0))`;
  };

export const SLOS: readonly Slo[] = [
  {
    name: 'placement-availability',
    sentence: '99.9 % of placements are answered, and not with 5xx; load shedding counts against it.',
    budget: 0.001,
    errors: failed(PLACING),
  },
  {
    name: 'placement-latency',
    sentence: '99 % of the orders that are placed are answered within 250 ms.',
    budget: 0.01,
    errors: slower('http_request_duration_seconds', `${PLACING},status="201"`, 0.25),
  },
  {
    name: 'read-availability',
    sentence: '99.9 % of reads are answered, and not with 5xx.',
    budget: 0.001,
    errors: failed(READING),
  },
  {
    name: 'delivery-time',
    sentence: '99 % of the orders that are delivered are DELIVERED within two minutes of their placement.',
    budget: 0.01,
    errors: slower('order_delivery_duration_seconds', '', 120),
  },
];

export const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
export type Window = (typeof WINDOWS)[number];

/** The recorded share of errors within a window, by the label `slo`. */
export const recordedErrors = (window: Window): string => `slo:errors:ratio_rate${window}`;
export const RECORDED_BUDGET = 'slo:error_budget:ratio';
