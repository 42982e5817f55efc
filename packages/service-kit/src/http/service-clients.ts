import type { ErrorBody, Input, Operation, Output, ServiceName } from '@order-pipeline/contracts';
import { AppError, unavailable } from '../app-error.ts';
import { withTimeout, type Runtime } from '../runtime.ts';
import { replyOf, type CallContext, type Reply, type Route } from '../reply.ts';
import { nameOfOperation } from './calls.ts';
import { answered, failedWith, NO_TRACER, serverSpan, type Span, type Tracer } from '../tracing/index.ts';

/** How a service asks others, wherever they run. */
export interface ServiceClients {
  /** Asks `service` and answers its reply as it is, refusals included; an unavailable dependency answers 503. */
  forward<O extends Operation>(
    service: ServiceName,
    operation: O,
    input: Input<O>,
    call: CallContext,
  ): Promise<Reply<Output<O>>>;
  /**
   * Asks the owner of the operation.
   *
   * @throws AppError when it refuses; UNAVAILABLE when it is down
   */
  call<O extends Operation>(operation: O, input: Input<O>, call: CallContext): Promise<Output<O>>;
  /** Whether `service` can be reached; what it depends on itself does not count. */
  ping(service: ServiceName): Promise<boolean>;
}

/** Carries an operation to a service and its reply back. */
export interface Transport {
  (operation: Operation, input: Input<Operation>, call: CallContext): Promise<Reply>;
  /** Rejects when the service cannot be reached; the way to a service of the same process has none. */
  readonly ping?: () => Promise<void>;
}

/**
 * Calls the handlers of a service that runs in this process, without a hop.
 *
 * @param tracer where it records what it answers, as it would if it were asked over HTTP
 */
export const createLocalTransport = (routes: readonly Route[], tracer: Tracer = NO_TRACER): Transport => {
  const handlers = new Map(routes.map(({ operation, handle }) => [operation, handle]));
  return async (operation, input, call) => {
    const handle = handlers.get(operation);
    if (!handle) throw new AppError('INTERNAL', `${operation.owner} does not answer ${operation.path}`);
    const span = call.trace.sampled ? tracer.begin(call.trace, serverSpan()) : undefined;
    return span
      ? answerTraced(span, operation, () => handle(input, { ...call, trace: span.trace }))
      : handle(input, call);
  };
};

const answerTraced = async (
  span: Span,
  operation: Operation,
  answer: () => Promise<Reply>,
): Promise<Reply> => {
  try {
    const reply = await answer();
    span.end(answered(operation, reply.status));
    return reply;
  } catch (error) {
    span.end({ ...failedWith(error), name: nameOfOperation(operation) });
    throw error;
  }
};

const isError = (reply: Reply): reply is Reply & { body: ErrorBody } => reply.status >= 400;

/** Made by a function of its own: as a constant it would get its name anew for each call. */
const silent =
  (service: ServiceName): (() => AppError) =>
  () =>
    unavailable(`The ${service} service does not answer, try again in a moment`);

/**
 * @param transportTo answers the way to a service, or nothing while it has not started
 * @param limit how long to wait for any answer, in milliseconds: a service of the same process may hang on its database
 */
export const createServiceClients = (
  transportTo: (service: ServiceName) => Transport | undefined,
  {
    runtime,
    timeoutMs,
  }: { readonly runtime: Pick<Runtime, 'after' | 'monotonic'>; readonly timeoutMs: number },
): ServiceClients => {
  /** Also aborts the work when nobody waits any longer: a list is expensive to read for nobody. */
  const askUntilLate = (
    transport: Transport,
    operation: Operation,
    input: Input<Operation>,
    call: CallContext,
    tooLate: () => Error,
  ): Promise<Reply> => {
    const late = new AbortController();
    const signal = call.signal ? AbortSignal.any([call.signal, late.signal]) : late.signal;
    return withTimeout(runtime, timeoutMs, transport(operation, input, { ...call, signal }), () => {
      late.abort();
      return tooLate();
    });
  };
  const forward: ServiceClients['forward'] = async (service, operation, input, call) => {
    try {
      const transport = transportTo(service);
      if (!transport) throw unavailable(`The ${service} service is not available, try again in a moment`);
      if (operation.paged)
        return (await askUntilLate(transport, operation, input, call, silent(service))) as Reply<
          Output<typeof operation>
        >;
      const reply = await withTimeout(runtime, timeoutMs, transport(operation, input, call), silent(service));
      return reply as Reply<Output<typeof operation>>;
    } catch (error) {
      return replyOf(error, call);
    }
  };
  return {
    forward,
    ping: async (service) => {
      const transport = transportTo(service);
      if (!transport) return false;
      try {
        await transport.ping?.();
        return true;
      } catch {
        return false;
      }
    },
    call: async (operation, input, call) => {
      const reply: Reply = await forward(operation.owner, operation, input, call);
      if (!isError(reply)) return reply.body as Output<typeof operation>;
      const { code, error, details } = reply.body;
      throw new AppError(code, error, details ? { details } : {});
    },
  };
};
