import { addressKey, type Runtime } from '@order-pipeline/service-kit';
import type { FastifyRequest } from 'fastify';
import { createRateLimiter } from '../rate-limiter.ts';

/** An address may fail so often at once, and once more in each interval. */
const MAX_FAILURES = 10;
const FAILURE_INTERVAL_MS = 6_000;
/** Log lines, over all clients. */
const MAX_LINES = 10;
const LINE_INTERVAL_MS = 6_000;
const EVERYBODY = '';

/** Logins that fail. */
export interface Logins {
  /** How long the address of a request has to wait before it may try again, in milliseconds. */
  waitMs(request: FastifyRequest): number;
  /** Takes down a guess at the operators' token. */
  failed(request: FastifyRequest): void;
  /**
   * Takes down a token that is not valid, or does not allow what operators do. It slows nobody down: a signature is not
   * guessed, and behind one address there may be others with good tokens.
   */
  refused(request: FastifyRequest): void;
}

/** Guessing is slowed down by address, and all is logged, without flooding the log. What was sent is never logged. */
export const createLogins = (runtime: Pick<Runtime, 'monotonic'>): Logins => {
  const failures = createRateLimiter({ runtime, burst: MAX_FAILURES, intervalMs: FAILURE_INTERVAL_MS });
  const lines = createRateLimiter({ runtime, burst: MAX_LINES, intervalMs: LINE_INTERVAL_MS });
  let unlogged = 0;
  const warn = (
    { ip, log, method, routeOptions: { url: route } }: FastifyRequest,
    sentence: string,
  ): void => {
    unlogged += 1;
    if (lines.take(EVERYBODY) > 0) return;
    log.warn({ address: ip, method, route, failures: unlogged }, sentence);
    unlogged = 0;
  };
  return {
    waitMs: ({ ip }) => failures.waitMs(addressKey(ip)),
    failed: (request) => {
      failures.take(addressKey(request.ip));
      warn(request, 'an operator could not log in');
    },
    refused: (request) => warn(request, 'a token was refused'),
  };
};
