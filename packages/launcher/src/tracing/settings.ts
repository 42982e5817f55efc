import { milliseconds, urlOf, wholeNumber } from '@order-pipeline/service-kit';
import { z } from 'zod';

const PROTOCOLS = ['http/protobuf', 'http/json'] as const;
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const MAX_KEPT = 1_000_000;
const RATIO = /^(?:0|1|0?\.\d{1,9}|0\.0+|1\.0+)$/;
const EXPORT_TIMEOUT_MS = 10_000;

/** What a collector is sent about the process, as W3C baggage writes it: `key=value,key=value`, the values percent-encoded. */
const resourceAttributes = (text: string): Record<string, string> | undefined => {
  const pairs = text.split(',').map((pair) => /^\s*([^=\s]+)\s*=\s*([^=]*?)\s*$/.exec(pair));
  try {
    return Object.fromEntries(
      pairs.map((pair) => {
        if (!pair) throw new URIError(text);
        const [, key = '', value = ''] = pair;
        return [key, decodeURIComponent(value)];
      }),
    );
  } catch {
    return undefined;
  }
};

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

/** Where spans go, and of which requests there are any. The names are OpenTelemetry's, and TRACE_BUFFER_SPANS is ours. */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: urlOf('http:', 'https:').optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: oneOf(PROTOCOLS).default('http/protobuf'),
  OTEL_EXPORTER_OTLP_TIMEOUT: milliseconds(EXPORT_TIMEOUT_MS),
  OTEL_TRACES_SAMPLER: oneOf(SAMPLERS).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(RATIO, 'must be a number from 0 to 1')
    .transform(Number)
    .default(1),
  OTEL_RESOURCE_ATTRIBUTES: z
    .string()
    .transform((text, context) => {
      const attributes = resourceAttributes(text);
      if (attributes) return attributes;
      context.addIssue('must be key=value pairs with commas between them, the values percent-encoded');
      return z.NEVER;
    })
    .default({}),
  TRACE_BUFFER_SPANS: wholeNumber(0, MAX_KEPT).optional(),
};

const tracingSchema = z.object(tracingSettings);

/** Counts spans of a service, one if no amount is given, by what became of them. */
export type CountSpan = (
  service: string,
  outcome: 'exported' | 'failed' | 'dropped',
  amount?: number,
) => void;

/** What becomes of spans. */
export interface TracingPlan {
  /** Where they are sent, if they are. */
  readonly exporter:
    | {
        /** The base of a collector: the path of OTLP is added to it. */
        readonly endpoint: string;
        readonly protocol: (typeof PROTOCOLS)[number];
        readonly timeoutMs: number;
        readonly resource: Readonly<Record<string, string>>;
      }
    | undefined;
  /** The share of requests whose traces are sent: 0 to 1. */
  readonly ratio: number;
  /** How many are kept in memory. */
  readonly kept: number;
}

const ratioOf = (sampler: (typeof SAMPLERS)[number], ratio: number): number => {
  if (sampler.endsWith('always_off')) return 0;
  return sampler.endsWith('traceidratio') ? ratio : 1;
};

/** What is kept in memory where all of the system is in one process, so that it has a trace of every order to show. */
const DEFAULT_KEPT = 10_000;

/** @param isEmbedded whether the whole system is in this process */
export const planTracing = (settings: z.infer<typeof tracingSchema>, isEmbedded: boolean): TracingPlan => {
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  return {
    exporter:
      endpoint === undefined
        ? undefined
        : {
            endpoint,
            protocol: settings.OTEL_EXPORTER_OTLP_PROTOCOL,
            timeoutMs: settings.OTEL_EXPORTER_OTLP_TIMEOUT,
            resource: settings.OTEL_RESOURCE_ATTRIBUTES,
          },
    ratio: ratioOf(settings.OTEL_TRACES_SAMPLER, settings.OTEL_TRACES_SAMPLER_ARG),
    kept: settings.TRACE_BUFFER_SPANS ?? (isEmbedded ? DEFAULT_KEPT : 0),
  };
};
