import {
  ANYBODY,
  type Actor,
  type Input,
  type Operation,
  type Output,
  type ServiceName,
} from '@order-pipeline/contracts';
import type {
  Broker,
  Closers,
  Embedded,
  HttpAccess,
  Reply,
  Route,
  Runtime,
  Service,
  ServiceContext,
  Tracer,
  Transport,
} from '@order-pipeline/service-kit';
import {
  createClosers,
  createHealth,
  createHttpServer,
  createBatchingTransport,
  createLocalTransport,
  createMetrics,
  createServiceClients,
  DEFAULT_HTTP_ACCESS,
  defineService,
  NO_TRACER,
  parseSettings,
} from '@order-pipeline/service-kit';
import type { FastifyInstance } from 'fastify';
import { pino, type Logger } from 'pino';
import { Registry } from 'prom-client';
import { createTestBroker } from './test-broker.ts';
import { createTestRuntime } from './test-runtime.ts';

export interface TestServiceOptions {
  /** The environment variables that the service's settings are read from. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly databaseUrl?: string;
  /**
   * Who answers for the services that this one asks: the routes of a started one or of a stub, or the URL of one that
   * listens. One that is missing is down; the object may be changed while the service runs.
   */
  readonly clients?: Partial<Record<ServiceName, readonly Route[] | string>>;
  /** Default: a broker of its own, see `createTestBroker`. */
  readonly broker?: Broker;
  readonly runtime?: Runtime;
  /** Where it records its spans; nowhere if not given. */
  readonly tracer?: Tracer;
  /** Who may reach its HTTP server; what differs from the default. */
  readonly access?: Partial<HttpAccess>;
  /** What it can do to the system, as if all of it ran in this process. */
  readonly embedded?: Embedded;
}

/** A log line as pino writes it. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: number };

export interface TestService {
  readonly routes: readonly Route[];
  /** Its HTTP server, which does not listen: for `inject`, or to be made to listen. */
  readonly server: FastifyInstance;
  /** Everything that it was given. */
  readonly context: ServiceContext<unknown>;
  readonly registry: Registry;
  /** What it has logged so far, from `debug` on. */
  readonly logs: readonly LogLine[];
  /** Makes its server listen on a free port of this machine, and answers its URL. */
  listen(): Promise<string>;
  /** Asks it one of its operations, without HTTP; for anybody, where no actor is given. */
  call<O extends Operation>(operation: O, input: Partial<Input<O>>, actor?: Actor): Promise<Reply<Output<O>>>;
  /** Closes its server and then all that it opened. */
  close(): Promise<void>;
}

/** A logger that keeps its lines. */
export const createTestLogger = (): { readonly logger: Logger; readonly logs: readonly LogLine[] } => {
  const logs: LogLine[] = [];
  const write = (line: string): void => void logs.push(JSON.parse(line) as LogLine);
  return { logger: pino({ level: 'debug' }, { write }), logs };
};

const peersFrom = (
  { clients = {} }: TestServiceOptions,
  timeoutMs: number,
  runtime: Runtime,
  closers: Closers,
) => {
  const transports = new Map<string, Transport>();
  const transportOver = (name: ServiceName, url: string): Transport => {
    const known = transports.get(url);
    if (known) return known;
    const { transport, close } = createBatchingTransport(name, url, timeoutMs, runtime);
    closers.add(`connections to ${name}`, close);
    transports.set(url, transport);
    return transport;
  };
  return createServiceClients(
    (name) => {
      const peer = clients[name];
      if (peer === undefined) return undefined;
      return typeof peer === 'string' ? transportOver(name, peer) : createLocalTransport(peer);
    },
    { runtime, timeoutMs },
  );
};

const createContext = <S>(service: Service<S>, options: TestServiceOptions, logger: Logger) => {
  const runtime = options.runtime ?? createTestRuntime();
  const registry = new Registry();
  const closers = createClosers(runtime, logger);
  const context: ServiceContext<S> = {
    settings: parseSettings(service.settings, options.environment ?? {}),
    runtime,
    logger,
    metrics: createMetrics(registry, service.name),
    tracer: options.tracer ?? NO_TRACER,
    health: createHealth(runtime),
    closers,
    clients: peersFrom(options, service.callTimeoutMs, runtime, closers),
    broker: options.broker ?? createTestBroker(),
    databaseUrl: options.databaseUrl ?? '',
    embedded: options.embedded,
  };
  return { context, registry };
};

const createCall =
  ({
    context,
    routes,
  }: {
    context: ServiceContext<unknown>;
    routes: readonly Route[];
  }): TestService['call'] =>
  async (operation, input, actor = ANYBODY) => {
    const { runtime, logger } = context;
    const trace = { traceId: runtime.hex(16), spanId: runtime.hex(8) };
    const reply = await createLocalTransport(routes)(operation, input, {
      requestId: runtime.uuid(),
      trace,
      actor,
      logger,
    });
    return reply as Reply<Output<typeof operation>>;
  };

/** A service of a test's own, without settings, that depends on no other: what `start` makes of what it is given. */
export const defineTestService = (
  name: ServiceName,
  start: Service<object>['start'],
  { usesKafka = false } = {},
): Service<object> =>
  defineService({
    name,
    usesKafka,
    dependsOn: [],
    callTimeoutMs: 1_000,
    start,
  });

/** Starts a service as the launcher does, on stand-ins for what it is not about. */
export const startTestService = async <S>(
  service: Service<S>,
  options: TestServiceOptions = {},
): Promise<TestService> => {
  const { logger, logs } = createTestLogger();
  const { context, registry } = createContext(service, options, logger);
  const { runtime, metrics, tracer, health, closers } = context;
  try {
    const { routes, configureServer } = await service.start(context);
    const server = await createHttpServer(
      {
        routes,
        runtime,
        logger,
        metrics,
        tracer,
        registry,
        health,
        takesCalls: service.name !== 'api-gateway',
        // A test that is about who asks says so itself.
        unnamed: ANYBODY,
        access: { ...DEFAULT_HTTP_ACCESS, ...options.access },
      },
      configureServer,
    );
    closers.add('HTTP server', () => server.close());
    return {
      routes,
      server,
      context,
      registry,
      logs,
      listen: () => server.listen({ host: '127.0.0.1', port: 0 }),
      call: createCall({ context, routes }),
      close: () => closers.closeAll(),
    };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
};
