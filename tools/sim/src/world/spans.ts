import { createTracing, type Span, type Trace, type Tracer } from '@order-pipeline/service-kit';
import type { Findings } from '../findings.ts';
import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

/** Half of the requests: whether a trace is recorded has to travel with it. */
const SAMPLED = 0.5;

/** A span that has begun. */
interface Begun {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly parentId: string | undefined;
  readonly process: SimProcess;
  readonly links: Trace[];
  isRecorded: boolean;
}

/** What the services of a simulation record of what they do. */
export interface SimSpans {
  /** Of a process, on chance of its own: what is recorded shifts nothing else. */
  tracerOf(process: SimProcess): Tracer;
  /** Adds what is missing where all is at rest, and answers how many spans there are. */
  check(findings: Findings): number;
}

const RULE = 'what a span names has begun, and is recorded unless its process died';

/** The span itself, whose links are noted. */
const withLinksNoted = (span: Span, links: Trace[]): Span => ({
  trace: span.trace,
  startMs: span.startMs,
  end: (outcome) => span.end(outcome),
  link: (to) => {
    links.push(to);
    span.link(to);
  },
});

export const createSimSpans = ({ streams }: Pick<World, 'streams'>): SimSpans => {
  const spans = new Map<string, Begun>();

  const note = (process: SimProcess, span: Span | undefined, name: string, parentId?: string) => {
    if (!span) return undefined;
    const { traceId, spanId } = span.trace;
    const links: Trace[] = [];
    const { service } = process.slot;
    spans.set(spanId, { service, name, traceId, parentId, process, links, isRecorded: false });
    return withLinksNoted(span, links);
  };

  const tracerOf = (process: SimProcess): Tracer => {
    const { runtime, slot } = process;
    const sampled = streams(`${slot.id}/sampled`);
    const tracer = createTracing({
      runtime: { ...runtime, hex: streams(`${slot.id}/spans`).hex },
      sampler: () => sampled.chance(SAMPLED),
      sink: ({ spanId }) => {
        const span = spans.get(spanId);
        if (span) span.isRecorded = true;
      },
    })(slot.service);
    return {
      ...tracer,
      begin: (parent, start) => note(process, tracer.begin(parent, start), start.name, parent.spanId),
      beginRoot: (start) => note(process, tracer.beginRoot(start), start.name),
    };
  };

  /** Why a span that another names is not as it should be, if it is not. */
  const flawOf = (named: Pick<Trace, 'traceId' | 'spanId'>): string | undefined => {
    const span = spans.get(named.spanId);
    if (span?.traceId !== named.traceId) return 'has never begun';
    return span.isRecorded || span.process.isDead() ? undefined : 'has not ended';
  };

  return {
    tracerOf,
    check: (findings) => {
      for (const { service, name, traceId, parentId, links, isRecorded } of spans.values()) {
        const named = parentId === undefined ? links : [{ traceId, spanId: parentId }, ...links];
        for (const other of isRecorded ? named : []) {
          const flaw = flawOf(other);
          if (flaw) findings.add(RULE, [service, name], `${other.traceId}/${other.spanId} ${flaw}`);
        }
      }
      return spans.size;
    },
  };
};
