import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { replyOf, type Reply } from '../reply.ts';
import { codingRefusal } from './body-parsing.ts';
import { frameworkRefusal } from './framework-errors.ts';
import { createNotFoundAnswer } from './not-found.ts';

export const sendReply = (reply: FastifyReply, { status, body, headers }: Reply): FastifyReply => {
  reply.code(status);
  if (headers) reply.headers(headers);
  return reply.send(body);
};

/** Answers every error in the error shape, and what is nowhere before its body is read. */
export const setErrors = (server: FastifyInstance): void => {
  const notFound = createNotFoundAnswer(server);
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    const refusal = frameworkRefusal(error, request.routeOptions.bodyLimit);
    sendReply(reply, replyOf(refusal ?? error, { logger: request.log as Logger }));
  });
  server.setNotFoundHandler((request, reply) => sendReply(reply, notFound(request)));
  // An expectation that Node does not know it would refuse without a body; it may as well be ignored.
  server.server.on('checkExpectation', (request, response) =>
    server.server.emit('request', request, response),
  );
  // Before the body is read: what is nowhere is not refused for its body.
  server.addHook('preParsing', (request, reply, _, done) => {
    if (request.is404) void sendReply(reply, notFound(request));
    else done(codingRefusal(request, reply));
  });
};
