import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError, isFromThisMachine } from '@order-pipeline/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { retryAfter } from '../rate-limiter.ts';
import type { Logins } from './logins.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const unknown = (): AppError =>
  new AppError(
    'UNAUTHENTICATED',
    'This is for operators: send the token in OPERATOR_TOKEN of the gateway as Authorization: Bearer <token>',
  );

/** The token that operators share. */
export interface OperatorTokens {
  /** Whether it is the token; neither the time nor the length of a wrong guess reveals anything. */
  isToken(given: string): boolean;
  /** Why the one who sends this token is not an operator, if they are not. */
  refusalOf(request: FastifyRequest, reply: FastifyReply, given: string | undefined): AppError | undefined;
}

/** Asks for the token. Who failed too often waits, with the right token too: otherwise guessing would go on. */
export const createOperatorTokens = (token: string, logins: Logins): OperatorTokens => {
  const expected = digest(token);
  // Digests are of one length.
  const isToken = (given: string): boolean => timingSafeEqual(digest(given), expected);
  return {
    isToken,
    refusalOf: (request, reply, given) => {
      const wait = logins.waitMs(request);
      if (wait > 0) {
        reply.header('retry-after', retryAfter(wait));
        return new AppError('RATE_LIMITED', 'Too many logins have failed, try again in a moment');
      }
      if (given !== undefined && isToken(given)) return undefined;
      // Who sends nothing does not guess.
      if (request.headers.authorization !== undefined) logins.failed(request);
      reply.header('www-authenticate', 'Bearer');
      return unknown();
    },
  };
};

/** Without a token those are admitted who ask on this very machine, while the gateway listens to nobody else. */
export const createMachineRule =
  (server: FastifyInstance) =>
  (request: FastifyRequest): AppError | undefined =>
    isFromThisMachine(server, request)
      ? undefined
      : new AppError(
          'FORBIDDEN',
          'Operators are not admitted here: set OPERATOR_TOKEN at the gateway, and send it as Authorization: Bearer <token>',
        );
