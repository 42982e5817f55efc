import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { answerCall, type Reply, type Route } from '../reply.ts';
import type { Runtime } from '../runtime.ts';
import { continueTrace } from '../trace.ts';
import { sendReply } from './error-answers.ts';
import { checkNoBody } from './input-validation.ts';
import { openApiSchema } from './openapi-schema.ts';

const refuseBody = async ({ body }: FastifyRequest): Promise<void> => checkNoBody(body);

/** Answers an operation over HTTP. */
export const addRoute = (server: FastifyInstance, { operation, handle }: Route, runtime: Runtime): void => {
  const answer = (request: FastifyRequest): Promise<Reply> => {
    const { id: requestId, params, query, body, headers } = request;
    const trace = continueTrace(headers.traceparent, runtime);
    const input = { params, query, body } as Parameters<Route['handle']>[0];
    return answerCall(handle, input, { requestId, trace, logger: request.log as Logger });
  };
  server.route({
    method: operation.method,
    url: operation.path,
    schema: openApiSchema(operation),
    ...(operation.body ? {} : { preValidation: refuseBody }),
    handler: async (request: FastifyRequest, reply: FastifyReply) => sendReply(reply, await answer(request)),
  });
};
