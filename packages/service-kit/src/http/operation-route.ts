import { bodyLimitOf, type Actor, type Operation } from '@order-pipeline/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { answerCall, type Reply, type Route } from '../reply.ts';
import type { Runtime } from '../runtime.ts';
import { continueTrace } from '../trace.ts';
import { sendReply } from './error-answers.ts';
import { checkNoBody } from './input-validation.ts';
import { openApiSchema } from './openapi-schema.ts';

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
  readonly runtime: Runtime;
  /** Who makes a request. */
  readonly actorOf: (request: FastifyRequest) => Actor;
}

/** Answers an operation over HTTP. */
export const addRoute = (
  server: FastifyInstance,
  { operation, handle }: Route,
  { runtime, actorOf }: OperationRouteParts,
): void => {
  const answer = (request: FastifyRequest): Promise<Reply> => {
    const { id: requestId, params, query, body, headers } = request;
    const trace = continueTrace(headers.traceparent, runtime);
    const taken = operation.headers ? { headers: headersFor(operation, headers) } : {};
    const input = { params, query, ...taken, body } as Parameters<Route['handle']>[0];
    const actor = actorOf(request);
    return answerCall(handle, input, { requestId, trace, actor, logger: request.log as Logger });
  };
  server.route({
    method: operation.method,
    url: operation.path,
    schema: openApiSchema(operation),
    bodyLimit: bodyLimitOf(operation),
    ...(operation.body ? {} : { preValidation: refuseBody }),
    handler: async (request: FastifyRequest, reply: FastifyReply) => sendReply(reply, await answer(request)),
  });
};
