import { ACTOR_HEADER, NOBODY, type Actor } from '@order-pipeline/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Health } from '../health.ts';
import type { Metrics } from '../metrics.ts';
import type { Route } from '../reply.ts';
import type { Runtime } from '../runtime.ts';
import type { Credentials } from '../tls/credentials.ts';
import { NO_TRACER, type Tracer } from '../tracing/index.ts';
import { readActor } from './actor-text.ts';
import { setBodyParsing } from './body-parsing.ts';
import { createCallerCheck, type CallerCheck } from './callers.ts';
import { addCallsRoute } from './calls-route.ts';
import { createTrust } from './client-address.ts';
import { limitConnections } from './connection-limits.ts';
import { createFastify } from './create-fastify.ts';
import { setErrors } from './error-answers.ts';
import { createObservation, setObservation } from './observation.ts';
import { addRoute } from './operation-route.ts';
import { addProbes } from './probes.ts';
import { createRefusedLog } from './refused-log.ts';
import { enterAsService, enterForClient } from './request-trace.ts';
import { setScreening } from './screening.ts';
import { dropSlowReaders } from './slow-readers.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes it, as far as this server has found that out. */
    actor?: Actor;
  }
}

/** Who may reach the HTTP server of a process, and how much of it. */
export interface HttpAccess {
  /** Names that it is asked by, beside those of the machine, in lower case. */
  readonly allowedHosts: readonly string[];
  /** Ranges of addresses of the proxies in front of it. */
  readonly trustedProxies: readonly string[];
  readonly maxConnections: number;
  /** Of one client address, where clients connect. */
  readonly maxConnectionsPerAddress: number;
  /** How long an answer may take to leave. */
  readonly responseTimeoutMs: number;
}

/** What is allowed where nothing is set. */
export const DEFAULT_HTTP_ACCESS: HttpAccess = {
  allowedHosts: [],
  trustedProxies: [],
  maxConnections: 2_000,
  maxConnectionsPerAddress: 500,
  responseTimeoutMs: 30_000,
};

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly registry: Registry;
  readonly health: Health;
  /** Where it records what it answers; nowhere if not given. */
  readonly tracer?: Tracer;
  /** Whether other services ask here, and may ask several calls at once; never where clients do. */
  readonly takesCalls: boolean;
  /** How long a whole request may take to arrive; default 10 s. */
  readonly requestTimeoutMs?: number;
  /** Default: `DEFAULT_HTTP_ACCESS`. */
  readonly access?: HttpAccess;
  /** Whether the metrics are asked for here; default: yes. */
  readonly servesMetrics?: boolean;
  /** Who asks where no service says for whom; nobody if not given, who gets nothing. */
  readonly unnamed?: Actor;
  /**
   * What it serves TLS with. Then each operation takes the certificate of a service that may call it; probes and metrics take
   * none.
   */
  readonly credentials?: Credentials | undefined;
}

const setLimits = (server: FastifyInstance, access: HttpAccess, options: HttpServerOptions): void => {
  const { runtime, takesCalls } = options;
  const refused = createRefusedLog(options);
  limitConnections(server.server, {
    maxConnections: access.maxConnections,
    // Services connect as often as they need to.
    maxPerAddress: takesCalls ? undefined : access.maxConnectionsPerAddress,
    isProxy: createTrust(access.trustedProxies),
    onRefused: refused,
  });
  const onDropped = () => refused('slow reader');
  dropSlowReaders(server, { runtime, limitMs: access.responseTimeoutMs, onDropped });
};

/**
 * Who makes a request: what another service says of it, or where clients ask, what was found out about them here. The header is
 * a client's to write as it likes, so it is not even looked at where clients ask.
 */
const createActorOf = (
  { takesCalls }: HttpServerOptions,
  unnamed: Actor,
  callers: CallerCheck | undefined,
) => {
  const actorFrom = (request: FastifyRequest, text: unknown): Actor => {
    const said = (): Actor => (typeof text === 'string' ? readActor(text) : unnamed);
    return callers ? callers.actorOf(request, said) : said();
  };
  const actorOf = (request: FastifyRequest): Actor =>
    takesCalls ? actorFrom(request, request.headers[ACTOR_HEADER]) : (request.actor ?? unnamed);
  return { actorFrom, actorOf };
};

/**
 * The HTTP server of a process: the operations of its services, the probes, the metrics. `configure` runs before the
 * routes are added, so that its hooks reach them.
 */
export const createHttpServer = async (
  options: HttpServerOptions,
  configure: (server: FastifyInstance) => Promise<void> = async () => undefined,
): Promise<FastifyInstance> => {
  const { access = DEFAULT_HTTP_ACCESS, unnamed = NOBODY, tracer = NO_TRACER } = options;
  const enterTrace = (options.takesCalls ? enterAsService : enterForClient)({ ...options, tracer });
  const server = createFastify({ ...options, enterTrace, trustedProxies: access.trustedProxies });
  server.decorateRequest('actor');
  setLimits(server, access, options);
  setBodyParsing(server);
  setErrors(server);
  const observation = createObservation(options.metrics);
  setObservation(server, observation);
  setScreening(server, access.allowedHosts);
  await configure(server);
  // In a plugin of their own, so that the hooks of the plugins above are in place when they are added.
  await server.register(async (scope) => {
    addProbes(scope, options);
    const callers = options.credentials && createCallerCheck(options.logger, options.runtime);
    const { actorFrom, actorOf } = createActorOf(options, unnamed, callers);
    for (const route of options.routes) addRoute(scope, route, { actorOf, callers, observation });
    if (options.takesCalls) {
      const { observe } = observation;
      addCallsRoute(scope, { ...options, observe, enterTrace, actorFrom, callers });
    }
  });
  return server;
};
