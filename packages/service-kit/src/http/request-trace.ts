import type { FastifyRequest } from 'fastify';
import type { Runtime } from '../runtime.ts';
import { continueTrace, readTraceparent } from '../trace.ts';
import { serverSpan, type Tracer } from '../tracing/index.ts';
import type { EnteredTrace, RequestFields } from './own-request.ts';

/** What a server does with the trace that a request brings: ours says whether it is recorded, a client's does not. */
export type EnterTrace = (header: unknown, method: string) => EnteredTrace;

interface EnterParts {
  readonly runtime: Pick<Runtime, 'hex'>;
  readonly tracer: Tracer;
}

/** Where other services ask: whether it is recorded was decided before. */
export const enterAsService =
  ({ runtime, tracer }: EnterParts): EnterTrace =>
  (header) => {
    const trace = continueTrace(header, runtime);
    const span = trace.sampled ? tracer.begin(trace, serverSpan()) : undefined;
    return { trace: span?.trace ?? trace, span };
  };

/**
 * Where clients ask. One may say which trace its request belongs to, and never that it is recorded: that is decided here, by
 * nothing that a client can choose.
 */
export const enterForClient =
  ({ runtime, tracer }: EnterParts): EnterTrace =>
  (header, method) => {
    const given = readTraceparent(header);
    const span = !tracer.samples(method)
      ? undefined
      : given
        ? tracer.begin({ ...given, sampled: true }, serverSpan())
        : tracer.beginRoot(serverSpan());
    const trace = span?.trace ?? { traceId: given?.traceId ?? runtime.hex(16), spanId: runtime.hex(8) };
    return { trace, span };
  };

/** Finds out once, when the logger of a request is made, to which trace it belongs. */
export const enterRequest = (raw: RequestFields, enter: EnterTrace): EnteredTrace =>
  (raw.entered ??= enter(raw.headers['traceparent'], raw.method ?? ''));

/** The trace of a request whose logger is made. */
export const traceOf = ({ raw }: FastifyRequest): EnteredTrace => {
  const { entered } = raw as RequestFields;
  if (!entered) throw new Error('a request has no trace');
  return entered;
};
