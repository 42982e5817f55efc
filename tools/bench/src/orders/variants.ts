import type { BenchContext } from '../context/context.ts';
import { addUp } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import { openSigning, signForAll } from '../load/tokens.ts';
import type { Figure, Target } from '../report/report.ts';
import { startTraceSink } from '../system/trace-sink.ts';
import { startEmbeddedSystem } from '../system/embedded.ts';
import { auditStage } from './audited.ts';
import type { Sizes } from './sizes.ts';
import { figureOfStarts, placeInStarts, type Kind, type Placed } from './sides.ts';
import { NO_WALKING_MS, openSpread } from './stage.ts';
import { toldByTheSystem, type Side } from './turn.ts';

/** Something that is switched on, and what it may cost. */
interface Variant {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly target: Target;
}

/** No span is even begun. */
const WITHOUT_TRACES = { TRACE_BUFFER_SPANS: '0' };
const BASELINE_NAME = 'without it';

const exported = (url: string, share: number): Readonly<Record<string, string>> => ({
  ...WITHOUT_TRACES,
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_TRACES_SAMPLER: 'traceidratio',
  OTEL_TRACES_SAMPLER_ARG: String(share),
});

const variantsFor = (sinkUrl: string): Variant[] => [
  {
    name: 'placement with access tokens',
    environment: { ...WITHOUT_TRACES, AUTH_DEV_ISSUER: 'on' },
    target: { times: 0.93 },
  },
  { name: 'placement with tracing as it is by default', environment: {}, target: { times: 0.99 } },
  {
    name: 'placement with 10 % of the traces exported',
    environment: exported(sinkUrl, 0.1),
    target: { times: 0.97 },
  },
  {
    name: 'placement with all traces exported',
    environment: exported(sinkUrl, 1),
    target: { reported: true },
  },
];

const openSide = async (
  context: BenchContext,
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<Side> => {
  const system = await startEmbeddedSystem(context, { name, workflowIntervalMs: NO_WALKING_MS, environment });
  if (!('AUTH_DEV_ISSUER' in environment))
    return { system, source: await openSpread(system.url), placings: [] };
  const sign = await openSigning(system.dataDir);
  const source = await openSpread(system.url, await sign('admin', 'users:write.any', 'catalog:write'));
  const tokens = await signForAll(sign, source.dataset.userIds);
  return { system, source, tokenOf: (userId) => tokens.get(userId), placings: [] };
};

/**
 * Placement with access tokens and with traces: whole systems that take turns, each held against one without any of it, and
 * one more of those.
 */
export const benchVariants = async (
  context: BenchContext,
  { variants: sizes }: Pick<Sizes, 'variants'>,
): Promise<Figure[]> => {
  const sink = await startTraceSink(context);
  const variants: Variant[] = [
    ...variantsFor(sink.url),
    {
      name: 'placement without any of it, against itself',
      environment: WITHOUT_TRACES,
      target: { reported: true },
    },
  ];
  const kindOf = ({ name, environment }: Omit<Variant, 'target'>): Kind => ({
    open: () => openSide(context, name, environment),
    judge: async ({ system, placings }) =>
      addUp([await auditStage(context, system), await judgeStored(system.databases, placings)]),
  });
  const kinds = [{ name: BASELINE_NAME, environment: WITHOUT_TRACES }, ...variants].map(kindOf);
  const [base, ...placed] = await placeInStarts(context, 'What may be switched on', kinds, sizes);
  await sink.stop();
  const baseline = { ...(base as Placed), name: BASELINE_NAME };
  return variants.flatMap(({ name, target }, index) => {
    const measured = placed[index] as Placed;
    const processor = {
      name: `${name}: processor time, services`,
      unit: 'µs',
      target: { reported: true },
    } as const;
    return [
      figureOfStarts({ name, unit: 'orders/s', target }, 'rate', measured, baseline),
      ...toldByTheSystem([figureOfStarts(processor, 'services', measured, baseline)]),
    ];
  });
};
