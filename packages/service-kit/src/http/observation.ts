import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';

/** Takes the time of an answer down, in milliseconds. */
export type Observe = (method: string, route: string, status: number, ms: number) => void;

const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Makes what takes the time of an answer down. */
export const createObserve = (metrics: Metrics): Observe => {
  const durations = metrics.histogram(
    'http_request_duration_seconds',
    'Time from the arrival of a request to the end of its answer',
    ['method', 'route', 'status'],
    DURATION_BUCKETS_S,
  );
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
