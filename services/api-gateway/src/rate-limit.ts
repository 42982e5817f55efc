import { isForOperators } from '@order-pipeline/contracts';
import { SECOND_MS, addressKey, AppError, type Runtime } from '@order-pipeline/service-kit';
import type { FastifyInstance } from 'fastify';
import { createRateLimiter, retryAfter } from './rate-limiter.ts';

/** Probes, metrics and the docs are free, so that a flood of requests does not look like an unavailable dependency. */
const isFree = (route: string | undefined): boolean =>
  route !== undefined && !route.startsWith('/api/') && !isForOperators({ path: route });

/**
 * Refuses what one client address asks beyond `perSecond` requests a second; at once it may ask as many as in a second.
 * IPv6 is counted by networks of 64 bits, and who is behind a trusted proxy by the address that the proxy sends.
 */
export const addRateLimit = (
  server: FastifyInstance,
  perSecond: number,
  runtime: Pick<Runtime, 'monotonic'>,
): void => {
  const limiter = createRateLimiter({ runtime, burst: perSecond, intervalMs: SECOND_MS / perSecond });
  server.addHook('onRequest', (request, reply, done) => {
    const wait = isFree(request.routeOptions.url) ? 0 : limiter.take(addressKey(request.ip));
    if (wait === 0) return done();
    reply.header('retry-after', retryAfter(wait));
    done(new AppError('RATE_LIMITED', `More than ${perSecond} requests a second, try again in a moment`));
  });
};
