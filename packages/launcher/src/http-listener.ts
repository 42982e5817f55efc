import type { Operation, ServiceName } from '@order-pipeline/contracts';
import {
  createHttpServer,
  createMetrics,
  sleep,
  withTimeout,
  type Health,
  type Credentials,
  type HttpAccess,
  type Route,
  type RunningService,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { FastifyInstance } from 'fastify';
import { createServer } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { codeOf, StartError } from './start-error.ts';
import type { ProcessTracing } from './tracing/open-tracing.ts';

/** How long requests in flight may take once the system stops; every wait behind them is shorter. */
const DRAIN_LIMIT_MS = 3_000;
const DRAIN_POLL_MS = 25;

/** Why a server cannot listen, where the one who started it can mend it. */
const refusalOf = (error: unknown, host: string, port: number): unknown => {
  const code = codeOf(error) ?? '';
  if (code === 'EADDRINUSE')
    return new StartError(`Port ${port} is taken by another program; set PORT to another one.`, error);
  if (code === 'EACCES')
    return new StartError(`Port ${port} is not for this user; set PORT to one above 1023.`, error);
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(code))
    return new StartError(`HOST ${host} is not an address of this machine.`, error);
  return error;
};

/**
 * Looks whether the port is free, so that a start that cannot succeed fails at once.
 *
 * @throws StartError with one sentence
 */
export const checkPort = async (host: string, port: number): Promise<void> => {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject).listen(port, host, resolve);
    });
  } catch (error) {
    throw refusalOf(error, host, port);
  }
  await new Promise((resolve) => probe.close(resolve));
};

export interface HttpListener {
  /** Where it is reached from this machine, without a slash at the end. */
  readonly url: string;
  /** Where its metrics are, without a slash at the end. */
  readonly metricsUrl: string;
  /** From now on each answer ends its connection, so that the client's next request opens a new one, to another instance. */
  endConnections(): void;
  /** Takes no further request and finishes those in flight. */
  stop(): Promise<void>;
}

export interface HttpListenerOptions {
  /** Every service of this process. */
  readonly running: ReadonlyMap<ServiceName, RunningService>;
  readonly host: string;
  readonly port: number;
  /** Where the metrics are, if not on the same port; 0 is any that is free. */
  readonly metricsPort?: number | undefined;
  readonly access: HttpAccess;
  /** With what services are served; clients, probes and metrics are served in the clear. */
  readonly credentials: Credentials | undefined;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly tracing: Pick<ProcessTracing, 'tracerOf'>;
  readonly health: Health;
}

/**
 * What the process's one server carries: with the gateway in it the gateway alone, because its port is public and what
 * the others answer is not for everybody.
 */
const carried = (running: ReadonlyMap<ServiceName, RunningService>) => {
  const gateway = running.get('api-gateway');
  if (gateway) return { name: 'api-gateway', services: [gateway], takesCalls: false };
  return { name: [...running.keys()].join('+'), services: [...running.values()], takesCalls: true };
};

/**
 * The routes of services, one an operation. The facade hands on what others own; where the owner is in the same process,
 * its own answer comes first, as it started first.
 */
const routesOf = (services: readonly RunningService[]): Route[] => {
  const byOperation = new Map<Operation, Route>();
  for (const route of services.flatMap(({ routes }) => routes)) {
    if (!byOperation.has(route.operation)) byOperation.set(route.operation, route);
  }
  return [...byOperation.values()];
};

const urlOf = (host: string, server: FastifyInstance): string => {
  const scheme = server.server instanceof TlsServer ? 'https' : 'http';
  const address = server.server.address();
  const port = typeof address === 'object' ? address?.port : address;
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
};

const drain = async (server: FastifyInstance, runtime: Runtime): Promise<void> => {
  let closed = false;
  const closing = server.close().finally(() => {
    closed = true;
  });
  // A connection that idles again after its last answer would be kept open for the next one.
  const endIdleOnes = async (): Promise<void> => {
    while (!closed) {
      server.server.closeIdleConnections();
      await sleep(runtime, DRAIN_POLL_MS);
    }
  };
  const drained = Promise.all([closing, endIdleOnes()]);
  await withTimeout(runtime, DRAIN_LIMIT_MS, drained, () => new Error('requests are still in flight')).catch(
    async () => {
      server.server.closeAllConnections();
      await drained;
    },
  );
};

/** @throws StartError when it cannot listen */
const listen = async (server: FastifyInstance, host: string, port: number): Promise<string> => {
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw refusalOf(error, host, port);
  }
  return urlOf(host, server);
};

/** The server of the process's operations. */
const createMainServer = (
  options: HttpListenerOptions,
  name: string,
  { services, takesCalls }: Pick<ReturnType<typeof carried>, 'services' | 'takesCalls'>,
  isEnding: () => boolean,
): Promise<FastifyInstance> =>
  createHttpServer(
    {
      ...options,
      takesCalls,
      credentials: takesCalls ? options.credentials : undefined,
      servesMetrics: options.metricsPort === undefined,
      routes: routesOf(services),
      logger: options.logger.child({ service: name }),
      metrics: createMetrics(options.registry, name),
      tracer: options.tracing.tracerOf(name),
    },
    async (instance) => {
      instance.addHook('onSend', (_, reply, _payload, done) => {
        if (isEnding()) reply.header('connection', 'close');
        done();
      });
      for (const { configureServer } of services) await configureServer?.(instance);
    },
  );

/** The metrics on a port of their own, and nothing else but the probes: for monitoring, and nobody outside. */
const startMetricsServer = async (
  options: HttpListenerOptions,
  name: string,
  port: number,
): Promise<{ readonly url: string; stop(): Promise<void> }> => {
  const server = await createHttpServer({
    ...options,
    takesCalls: false,
    credentials: undefined,
    routes: [],
    logger: options.logger.child({ service: name }),
    metrics: createMetrics(options.registry, name),
  });
  return { url: await listen(server, options.host, port), stop: () => drain(server, options.runtime) };
};

/**
 * Opens the HTTP server of a process, and that of its metrics where they have a port of their own.
 *
 * @throws StartError when it cannot listen
 */
export const startHttpListener = async (options: HttpListenerOptions): Promise<HttpListener> => {
  const { host, port, metricsPort, runtime } = options;
  const { name, ...what } = carried(options.running);
  let ending = false;
  const server = await createMainServer(options, name, what, () => ending);
  const url = await listen(server, host, port);
  const stopMain = (): Promise<void> => drain(server, runtime);
  if (metricsPort === undefined)
    return { url, metricsUrl: url, endConnections: () => void (ending = true), stop: stopMain };
  const metrics = await startMetricsServer(options, name, metricsPort).catch(async (error: unknown) => {
    await stopMain();
    throw error;
  });
  return {
    url,
    metricsUrl: metrics.url,
    endConnections: () => void (ending = true),
    stop: async () => {
      await stopMain();
      await metrics.stop();
    },
  };
};
