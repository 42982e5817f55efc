import { addressKey, type Runtime } from '@order-pipeline/service-kit';
import type { FastifyRequest } from 'fastify';
import { createRateLimiter } from '../rate-limiter.ts';

/** An address may fail so often at once, and once more in each interval. */
const MAX_FAILURES = 10;
const FAILURE_INTERVAL_MS = 6_000;
/** Lines of the log, whoever fails. */
const MAX_LINES = 10;
const LINE_INTERVAL_MS = 6_000;
const EVERYBODY = '';

/** Failed logins of operators. */
export interface Logins {
  /** How long the address of a request has to wait before it may try again, in milliseconds. */
  waitMs(request: FastifyRequest): number;
  /** Takes a failure down. */
  failed(request: FastifyRequest): void;
}

/** Guessing is slowed down by address, and told in the log, which cannot be flooded by it. What was guessed is never told. */
export const createLogins = (runtime: Pick<Runtime, 'monotonic'>): Logins => {
  const failures = createRateLimiter({ runtime, burst: MAX_FAILURES, intervalMs: FAILURE_INTERVAL_MS });
  const lines = createRateLimiter({ runtime, burst: MAX_LINES, intervalMs: LINE_INTERVAL_MS });
  let untold = 0;
  return {
    waitMs: ({ ip }) => failures.waitMs(addressKey(ip)),
    failed: ({ ip, log, method, routeOptions: { url: route } }) => {
      failures.take(addressKey(ip));
      untold += 1;
      if (lines.take(EVERYBODY) > 0) return;
      log.warn({ address: ip, method, route, failures: untold }, 'an operator could not log in');
      untold = 0;
    },
  };
};
