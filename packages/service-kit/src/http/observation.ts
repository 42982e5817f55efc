import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';

/** Takes the time of an answer down, in milliseconds. */
export type Observe = (method: string, route: string, status: number, ms: number) => void;

/** Makes what takes the time of an answer down. */
export const createObserve = (metrics: Metrics): Observe => {
  const durations = metrics.histogram('http_request_duration_seconds');
  return (method, route, status, ms) =>
    durations.observe({ method, route, status: String(status) }, ms / 1_000);
};

/** Every answer bears the id of its request, and is measured and logged. */
export const setObservation = (server: FastifyInstance, observe: Observe): void => {
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  server.addHook(
    'onResponse',
    ({ method, originalUrl: url, routeOptions, log }, { statusCode, elapsedTime }, done) => {
      observe(method, routeOptions.url ?? 'unknown', statusCode, elapsedTime);
      log.debug({ method, url, status: String(statusCode) }, 'answered a request');
      done();
    },
  );
};
