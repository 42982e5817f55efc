import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Health } from '../health.ts';
import type { Metrics } from '../metrics.ts';
import type { Route } from '../reply.ts';
import type { Runtime } from '../runtime.ts';
import { setBodyParsing } from './body-parsing.ts';
import { addCallsRoute } from './calls-route.ts';
import { createFastify } from './create-fastify.ts';
import { setErrors } from './error-answers.ts';
import { createObserve, setObservation } from './observation.ts';
import { addRoute } from './operation-route.ts';
import { addProbes } from './probes.ts';

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly registry: Registry;
  readonly health: Health;
  /** Whether other services ask here, and may ask several calls at once; never where clients do. */
  readonly takesCalls: boolean;
  /** How long a whole request may take to arrive; default 10 s. */
  readonly requestTimeoutMs?: number;
}

/**
 * The HTTP server of a process: the operations of its services, the probes, the metrics. `configure` runs before the
 * routes are added, so that its hooks reach them.
 */
export const createHttpServer = async (
  options: HttpServerOptions,
  configure: (server: FastifyInstance) => Promise<void> = async () => undefined,
): Promise<FastifyInstance> => {
  const server = createFastify(options);
  setBodyParsing(server);
  setErrors(server);
  const observe = createObserve(options.metrics);
  setObservation(server, observe);
  await configure(server);
  // In a plugin of their own, so that the hooks of the plugins above are in place when they are added.
  await server.register(async (scope) => {
    addProbes(scope, options);
    for (const route of options.routes) addRoute(scope, route, options.runtime);
    if (options.takesCalls) addCallsRoute(scope, { ...options, observe });
  });
  return server;
};
