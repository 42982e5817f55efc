import type { BenchContext } from '../context/context.ts';
import { addUp, type Correctness } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import { openSigning, signForAll } from '../load/tokens.ts';
import type { Figure, Target } from '../report/report.ts';
import { goRounds, roundSentence } from '../rounds.ts';
import { startTraceSink } from '../system/trace-sink.ts';
import { startEmbeddedSystem } from '../system/embedded.ts';
import { auditStage } from './audited.ts';
import type { Sizes } from './sizes.ts';
import { NO_WALKING_MS, openSpread, reportExamples } from './stage.ts';
import { takeTurn, toldByTheSystem, type Side, type Turn } from './turn.ts';

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

/** The sides from another one on each time, so that none always comes after the same. */
const rotated = (count: number, number: number): number[] =>
  Array.from({ length: count }, (_, index) => (index + number + count) % count);

const judge = async (context: BenchContext, { system, placings }: Side): Promise<Correctness> =>
  addUp([await auditStage(context, system), await judgeStored(system.databases, placings)]);

/**
 * Placement with access tokens and with traces: whole systems that take short turns, each held against one without any of
 * it.
 */
export const benchVariants = async (
  context: BenchContext,
  { variants: sizes }: Pick<Sizes, 'variants'>,
): Promise<Figure[]> => {
  const { say } = context;
  const sink = await startTraceSink(context);
  const variants = variantsFor(sink.url);
  const base = await openSide(context, BASELINE_NAME, WITHOUT_TRACES);
  const sides = [base];
  for (const { name, environment } of variants) {
    say(`${name}: starting`);
    sides.push(await openSide(context, name, environment));
  }
  const turns = await goRounds(sizes.rounds, async (number) => {
    say(roundSentence('What may be switched on', number, sizes.rounds));
    const round: Turn[] = [];
    for (const index of rotated(sides.length, number))
      round[index] = await takeTurn(sides[index] as Side, sizes.orders);
    return round;
  });
  const of = (index: number, value: keyof Turn): number[] =>
    turns.map((round) => round[index]?.[value] ?? Number.NaN);
  const figures: Figure[] = [];
  const baseFlaws = await judge(context, base);
  for (const [index, { name, target }] of variants.entries()) {
    const side = sides[index + 1] as Side;
    reportExamples(context, side.placings);
    const correctness = addUp([baseFlaws, await judge(context, side)]);
    const figure = (words: string, value: keyof Turn, unit: string): Omit<Figure, 'target'> => ({
      name: words,
      unit,
      result: of(index + 1, value),
      baseline: { name: BASELINE_NAME, values: of(0, value) },
      correctness,
    });
    figures.push(
      { ...figure(name, 'rate', 'orders/s'), target },
      ...toldByTheSystem([
        { ...figure(`${name}: processor time, services`, 'services', 'µs'), target: { reported: true } },
      ]),
    );
    await side.system.stop();
  }
  await sink.stop();
  await base.system.stop();
  return figures;
};
