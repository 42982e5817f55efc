import { createHash, timingSafeEqual } from 'node:crypto';
import { ANYBODY, isForOperators } from '@order-pipeline/contracts';
import { AppError, isFromThisMachine, type Runtime } from '@order-pipeline/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createLogins } from './logins.ts';
import { retryAfter } from './rate-limiter.ts';

const BEARER = /^Bearer +(\S+)$/i;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Digests are of one length, so that neither the time nor the length of a wrong guess tells anything. */
const isToken = ({ headers: { authorization = '' } }: FastifyRequest, expected: Buffer): boolean => {
  const given = BEARER.exec(authorization)?.[1];
  return timingSafeEqual(digest(given ?? ''), expected) && given !== undefined;
};

const unknown = (): AppError =>
  new AppError(
    'UNAUTHENTICATED',
    'This is for operators: send the token in OPERATOR_TOKEN of the gateway as Authorization: Bearer <token>',
  );

/** Asks for the token. Who failed too often waits, with the right token too: otherwise guessing would go on. */
const createTokenRule = (token: string, runtime: Pick<Runtime, 'monotonic'>) => {
  const expected = digest(token);
  const logins = createLogins(runtime);
  return (request: FastifyRequest, reply: FastifyReply): AppError | undefined => {
    const wait = logins.waitMs(request);
    if (wait > 0) {
      reply.header('retry-after', retryAfter(wait));
      return new AppError('RATE_LIMITED', 'Too many logins have failed, try again in a moment');
    }
    if (isToken(request, expected)) return undefined;
    // Who sends nothing does not guess.
    if (request.headers.authorization !== undefined) logins.failed(request);
    reply.header('www-authenticate', 'Bearer');
    return unknown();
  };
};

const createMachineRule =
  (server: FastifyInstance) =>
  (request: FastifyRequest): AppError | undefined =>
    isFromThisMachine(server, request)
      ? undefined
      : new AppError(
          'FORBIDDEN',
          'Operators are not admitted here: set OPERATOR_TOKEN at the gateway, and send it as Authorization: Bearer <token>',
        );

/**
 * Admits to the operations of operators those who bear the token; without a token those who ask on this very machine,
 * and only while the gateway listens to nobody else.
 */
export const addOperatorGuard = (
  server: FastifyInstance,
  token: string | undefined,
  runtime: Pick<Runtime, 'monotonic'>,
): void => {
  const refusalOf = token === undefined ? createMachineRule(server) : createTokenRule(token, runtime);
  server.addHook('onRequest', (request, reply, done) => {
    request.actor = ANYBODY;
    const route = request.routeOptions.url;
    const guarded = route !== undefined && isForOperators({ path: route });
    done(guarded ? refusalOf(request, reply) : undefined);
  });
};
