import { createHash, timingSafeEqual } from 'node:crypto';
import { isForOperators } from '@order-pipeline/contracts';
import { AppError } from '@order-pipeline/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const LOOPBACK_ADDRESS = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/;
const LOOPBACK_NAME = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost)$/;
const BEARER = /^Bearer +(\S+)$/i;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Digests are of one length, so that neither the time nor the length of a wrong guess tells anything. */
const isToken = (request: FastifyRequest, expected: Buffer): boolean => {
  const given = BEARER.exec(request.headers.authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), expected);
};

/**
 * Whether only this machine can have asked. The name in the request counts too: a page from elsewhere in a browser of
 * this machine can have its own name lead to 127.0.0.1.
 */
const isLocal = (server: FastifyInstance, request: FastifyRequest): boolean => {
  const addresses = server.addresses();
  const url = `http://${request.headers.host ?? ''}`;
  return (
    addresses.length > 0 &&
    addresses.every((at) => typeof at === 'object' && LOOPBACK_ADDRESS.test(at.address)) &&
    URL.canParse(url) &&
    LOOPBACK_NAME.test(new URL(url).hostname)
  );
};

/**
 * Admits to the operations of operators those who bear the token; without a token those who ask on this very machine,
 * and only while the gateway listens to nobody else.
 */
export const addOperatorGuard = (server: FastifyInstance, token: string | undefined): void => {
  const expected = token === undefined ? undefined : digest(token);
  const refusalOf = (request: FastifyRequest, reply: FastifyReply): AppError | undefined => {
    if (expected && isToken(request, expected)) return undefined;
    if (expected) {
      reply.header('www-authenticate', 'Bearer');
      return new AppError(
        'OPERATOR_UNKNOWN',
        'This is for operators: send the token in OPERATOR_TOKEN of the gateway as Authorization: Bearer <token>',
      );
    }
    if (isLocal(server, request)) return undefined;
    return new AppError(
      'OPERATORS_NOT_ADMITTED',
      'Operators are not admitted here: set OPERATOR_TOKEN at the gateway, and send it as Authorization: Bearer <token>',
    );
  };
  server.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url;
    const guarded = route !== undefined && isForOperators({ path: route });
    done(guarded ? refusalOf(request, reply) : undefined);
  });
};
