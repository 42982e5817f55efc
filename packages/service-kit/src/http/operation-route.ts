import { bodyLimitOf, type Actor, type Operation } from '@order-pipeline/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { answerCall, GONE, type CallContext, type Route } from '../reply.ts';
import type { CallerCheck } from './callers.ts';
import { sendReply } from './error-answers.ts';
import { checkNoBody } from './input-validation.ts';
import { observeStream, type Observation } from './observation.ts';
import { openApiSchema } from './openapi-schema.ts';
import { traceOf } from './request-trace.ts';

const refuseBody = async ({ body }: FastifyRequest): Promise<void> => checkNoBody(body);

type GivenHeaders = FastifyRequest['headers'];

/** Of the headers of a request those that the operation takes. */
const headersFor = ({ headers }: Operation, given: GivenHeaders): GivenHeaders =>
  Object.fromEntries(
    Object.keys(headers?.properties ?? {}).flatMap((name) =>
      given[name] === undefined ? [] : [[name, given[name]]],
    ),
  );

export interface OperationRouteParts {
  /** Who makes a request. */
  readonly actorOf: (request: FastifyRequest) => Actor;
  /** Decides which services may call, where they prove themselves. */
  readonly callers: CallerCheck | undefined;
  readonly observation: Observation;
}

/** Aborted when the connection ends before the answer has left. */
const signalOf = ({ raw }: FastifyReply): AbortSignal => {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
};

type Waiting = Required<Pick<CallContext, 'signal' | 'held'>>;

const waitingOf = (reply: FastifyReply): Waiting => ({
  signal: signalOf(reply),
  held: (ms) => void (reply.heldMs += ms),
});

/** Answers an operation over HTTP; a list is read no further, and nothing is waited for, when the client has gone. */
export const addRoute = (
  server: FastifyInstance,
  { operation, handle, waits }: Route,
  { actorOf, callers, observation }: OperationRouteParts,
): void => {
  const inputOf = ({ params, query, body, headers }: FastifyRequest) =>
    (operation.headers
      ? { params, query, headers: headersFor(operation, headers), body }
      : { params, query, body }) as Parameters<Route['handle']>[0];
  const callOf = (request: FastifyRequest): CallContext => ({
    requestId: request.id,
    trace: traceOf(request).trace,
    actor: actorOf(request),
    logger: request.log as Logger,
  });
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    sendReply(reply, await answerCall(handle, inputOf(request), callOf(request)));
  const answerUnlessGone = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const waiting = waitingOf(reply);
    const answered = await answerCall(handle, inputOf(request), { ...callOf(request), ...waiting });
    return sendReply(reply, waiting.signal.aborted ? GONE : answered);
  };
  server.route({
    method: operation.method,
    url: operation.path,
    config: { isOperation: true },
    schema: openApiSchema(operation),
    bodyLimit: bodyLimitOf(operation),
    ...(callers ? { onRequest: async (request) => callers.check(request, operation) } : {}),
    ...(operation.body ? {} : { preValidation: refuseBody }),
    // A stream has no end to wait for when nobody reads it.
    ...(operation.streams ? { exposeHeadRoute: false, onSend: observeStream(observation) } : {}),
    handler: waits || operation.paged ? answerUnlessGone : answer,
  });
};
