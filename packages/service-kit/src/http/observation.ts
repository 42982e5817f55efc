import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';
import { answered } from '../tracing/index.ts';
import { traceOf } from './request-trace.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether it answers an operation, and not a probe or a file. */
    isOperation?: boolean;
  }
}

/** Takes the time of an answer down, in milliseconds. */
export type Observe = (method: string, route: string, status: number, ms: number) => void;

/** Makes what takes the time of an answer down. */
export const createObserve = (metrics: Metrics): Observe => {
  const durations = metrics.histogram('http_request_duration_seconds');
  return (method, route, status, ms) =>
    durations.observe({ method, route, status: String(status) }, ms / 1_000);
};

/** Every answer bears the id of its request, and is measured and logged; its span ends, if it is an operation's. */
export const setObservation = (server: FastifyInstance, observe: Observe): void => {
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  server.addHook('onResponse', (request, { statusCode, elapsedTime }, done) => {
    const { method, originalUrl: url, routeOptions, log } = request;
    const route = routeOptions.url ?? 'unknown';
    observe(method, route, statusCode, elapsedTime);
    if (routeOptions.config.isOperation)
      traceOf(request).span?.end(answered({ method, path: route }, statusCode));
    log.debug({ method, url, status: String(statusCode) }, 'request completed');
    done();
  });
};
