import type {
  Access,
  Actor,
  ErrorBody,
  ErrorCode,
  Input,
  Operation,
  Output,
} from '@order-pipeline/contracts';
import { ERROR_STATUS, grantOf, serviceActor } from '@order-pipeline/contracts';
import type { Logger } from 'pino';
import { AppError, errorBody, isTransient } from './app-error.ts';
import { causeOf } from './faults/index.ts';
import type { Runtime } from './runtime.ts';
import { newTrace, type Trace } from './trace.ts';

/** What an operation answers, over HTTP or within the process. A refusal is an answer too, not an exception. */
export interface Reply<T = unknown> {
  readonly status: number;
  readonly body: T | ErrorBody;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Who asks, for logs and for what is asked in turn. */
export interface CallContext {
  readonly requestId: string;
  readonly trace: Trace;
  /** Whom it is asked for; decides what is answered. */
  readonly actor: Actor;
  readonly logger: Logger;
  /** Aborted when nobody waits for the answer any more, where the operation is one that is then to stop. */
  readonly signal?: AbortSignal;
  /** Takes down for how many milliseconds the request was held on purpose, waiting for what it asks for to come about. */
  readonly held?: (ms: number) => void;
}

/** Makes the context of what a service asks on its own account, with a request id and a trace of its own. */
export const createOwnCall = (
  name: string,
  { runtime, logger }: { readonly runtime: Pick<Runtime, 'uuid' | 'hex'>; readonly logger: Logger },
) => {
  const actor = serviceActor(name);
  return (): CallContext => ({
    requestId: runtime.uuid(),
    trace: newTrace(runtime),
    actor,
    logger,
  });
};

export type Handler<O extends Operation> = (input: Input<O>, call: CallContext) => Promise<Reply<Output<O>>>;

/** A handler for each operation of an API. */
export type Handlers<Api extends Record<string, Operation>> = { readonly [K in keyof Api]: Handler<Api[K]> };

/** An operation with the handler that answers it. */
export interface Route {
  readonly operation: Operation;
  /** Whether the handler may wait, and is notified when the caller has gone. */
  readonly waits?: boolean;
  readonly handle: (input: Input<Operation>, call: CallContext) => Promise<Reply>;
}

/** Why an actor gets nothing of an operation, if it does not. */
export const refusalFor = ({ access }: Pick<Operation, 'access'>, actor: Actor): Reply<never> | undefined => {
  if (grantOf(access, actor) !== 'NONE') return undefined;
  if (actor.kind === 'nobody') return refuse('UNAUTHENTICATED', 'Nothing says who asks');
  return refuse('FORBIDDEN', scopeSentence(access));
};

const scopeSentence = (access: Access): string => {
  if (access.kind === 'scope') return `This takes the scope ${access.scope}`;
  if (access.kind !== 'own') return 'This is not for you';
  const { scope, any } = access;
  const own =
    scope === undefined ? 'a token that names a user' : `the scope ${scope} with a token that names a user`;
  return `This takes ${own}, or the scope ${any}`;
};

/**
 * Pairs an API's operations with their handlers. Each is called only for those who get something of its operation; whose
 * the rows are, it decides itself.
 */
export const routesOf = <Api extends Record<string, Operation>>(api: Api, handlers: Handlers<Api>): Route[] =>
  Object.entries(api).map(([name, operation]) => ({
    operation,
    handle: (input, call) => {
      const refusal = refusalFor(operation, call.actor);
      if (refusal) return Promise.resolve(refusal);
      // The pair comes from one key, so the handler takes this operation's input.
      return (handlers[name as keyof Api] as Route['handle'])(input, call);
    },
  }));

export const ok = <T>(body: T, headers?: Record<string, string>): Reply<T> => ({
  status: 200,
  body,
  ...(headers ? { headers } : {}),
});

export const created = <T>(body: T): Reply<T> => ({ status: 201, body });

/** Says no in the shape that every error has. */
export const refuse = (code: ErrorCode, message: string, details?: readonly unknown[]): Reply<never> => ({
  status: ERROR_STATUS[code],
  body: errorBody(code, message, details),
});

/** What logs and metrics have of an answer that nobody reads (nginx calls it 'client closed request'). */
export const GONE: Reply<never> = { status: 499, body: undefined as never };

const RETRY_AFTER_S = '1';

/** The answer for an exception: its own words where they are meant for the client, none where something broke. */
export const replyOf = (
  error: unknown,
  { logger, signal }: Pick<CallContext, 'logger' | 'signal'>,
): Reply<never> => {
  if (isTransient(error)) {
    // Clients may go as often as they like.
    if (signal?.aborted) logger.debug(causeOf(error), 'request aborted by the client');
    else logger.warn(causeOf(error), 'dependency unavailable');
    const message =
      error instanceof AppError ? error.message : 'A dependency is unavailable; try again in a moment';
    return { ...refuse('UNAVAILABLE', message), headers: { 'retry-after': RETRY_AFTER_S } };
  }
  if (error instanceof AppError && error.code !== 'INTERNAL')
    return refuse(error.code, error.message, error.details);
  logger.error({ err: error }, 'request failed');
  return refuse('INTERNAL', 'Something went wrong on our side');
};

/** Answers a call with its handler; what that throws is an answer too. */
export const answerCall = async (
  handle: Route['handle'],
  input: Input<Operation>,
  call: CallContext,
): Promise<Reply> => {
  try {
    return await handle(input, call);
  } catch (error) {
    return replyOf(error, call);
  }
};
