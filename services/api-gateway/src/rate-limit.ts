import rateLimit, { type FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import { isForOperators } from '@order-pipeline/contracts';
import { AppError, type Runtime } from '@order-pipeline/service-kit';
import type { FastifyInstance } from 'fastify';

const WINDOW_MS = 1_000;

/**
 * Counts the requests of each address in windows that all addresses share, so that only the addresses of one window are
 * kept. The plugin's own store answers with the object that it goes on counting in: of requests that arrive together,
 * each one then sees the count of the last.
 */
const createStore = (runtime: Pick<Runtime, 'wallClock'>): FastifyRateLimitStoreCtor =>
  class WindowStore {
    #counts = new Map<string, number>();
    #endsAt = 0;

    incr(
      address: string,
      done: (error: Error | null, result?: { current: number; ttl: number }) => void,
    ): void {
      const now = runtime.wallClock();
      if (now >= this.#endsAt) {
        this.#counts.clear();
        this.#endsAt = now + WINDOW_MS;
      }
      const current = (this.#counts.get(address) ?? 0) + 1;
      this.#counts.set(address, current);
      done(null, { current, ttl: this.#endsAt - now });
    }

    child(): WindowStore {
      return this;
    }
  };

/**
 * Refuses what one client address asks beyond `perSecond` requests a second. Probes, metrics and the docs are free, so
 * that a flood of requests does not look like a part that is down.
 */
export const addRateLimit = async (
  server: FastifyInstance,
  perSecond: number,
  runtime: Pick<Runtime, 'wallClock'>,
): Promise<void> => {
  const store = createStore(runtime);
  await server.register(rateLimit, { global: false, max: perSecond, timeWindow: WINDOW_MS, store });
  const check = server.createRateLimit();
  server.addHook('onRequest', async (request, reply) => {
    const route = request.routeOptions.url;
    if (route !== undefined && !route.startsWith('/api/') && !isForOperators({ path: route })) return;
    const count = await check(request);
    if (count.isAllowed || !count.isExceeded) return;
    reply.header('retry-after', String(count.ttlInSeconds));
    throw new AppError('RATE_LIMITED', `More than ${perSecond} requests a second, try again in a moment`);
  });
};
