import { ANYBODY, NOBODY, type DatabaseName, type ServiceName } from '@order-pipeline/contracts';
import { SERVICES } from '@order-pipeline/launcher';
import type { MemoryCluster } from '@order-pipeline/memory-kafka';
import {
  createClosers,
  createHealth,
  createHttpServer,
  createLocalTransport,
  createMetrics,
  createServiceClients,
  NO_TRACER,
  parseSettings,
  replyOf,
  type ServiceClients,
  type RunningService,
  type Service,
  type ServiceContext,
} from '@order-pipeline/service-kit';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse as InjectResponse } from 'fastify';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import type { RealDatabase } from './database/real-database.ts';
import { createSimPool } from './database/sim-pool.ts';
import type { SimIssuer } from './issuer.ts';
import { createSimBroker, type Echo } from './kafka.ts';
import { createSimTransport, type Answerer, type Caller, type Network } from './network.ts';
import { createSimProcess, type SimProcess, type Slot } from './sim-process.ts';
import type { SimSpans } from './spans.ts';
import { never, type World } from './world.ts';

/** What the processes of a simulation share. */
export interface Surroundings {
  readonly world: World;
  readonly network: Network;
  readonly cluster: MemoryCluster;
  readonly echo: Echo;
  /** Whether Kafka says that it keeps what it has. */
  readonly isDurable: boolean;
  readonly databases: Readonly<Record<DatabaseName, RealDatabase>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly loggerOf: (process: SimProcess) => Logger;
  /** Where access control is on. */
  readonly issuer: SimIssuer | undefined;
  /** Where traces are recorded. */
  readonly spans: SimSpans | undefined;
  /** The instances of a service that have an address, whether or not they listen. */
  readonly answerers: (service: ServiceName) => readonly Answerer[];
}

/** How a process ends that was stopped in order. */
export const STOPPED = 'stopped';

/** A service that starts, runs or has died in a simulated process. */
export interface ServiceProcess extends Answerer {
  readonly slot: Slot<ServiceName>;
  readonly process: SimProcess;
  /** Answers a request of a client; for the gateway, once it listens. */
  inject(request: InjectOptions): Promise<InjectResponse>;
  /** Takes no further request, finishes what is in hand and closes everything, as at a deployment. */
  stop(): Promise<void>;
}

const DRAIN_LIMIT_MS = 3_000;
const DRAIN_POLL_MS = 25;

const peersOf = (surroundings: Surroundings, process: SimProcess, service: Service): ServiceClients => {
  const { network, answerers } = surroundings;
  const caller: Caller = { name: process.slot.id, owner: process, hear: process.hear };
  const transports = new Map(
    service.dependsOn.map((peer) => [peer, createSimTransport(network, caller, peer, () => answerers(peer))]),
  );
  const { runtime } = process;
  return createServiceClients((peer) => transports.get(peer), { runtime, timeoutMs: service.callTimeoutMs });
};

const contextOf = (
  surroundings: Surroundings,
  process: SimProcess,
  service: Service,
  registry: Registry,
): ServiceContext<unknown> => {
  const { world, cluster, echo, isDurable, databases, environment, loggerOf, issuer, spans } = surroundings;
  const { runtime } = process;
  const logger = loggerOf(process);
  const database = service.database && databases[service.database];
  return {
    settings: parseSettings(service.settings, environment),
    runtime,
    logger,
    metrics: createMetrics(registry, service.name),
    tracer: spans?.tracerOf(process) ?? NO_TRACER,
    health: createHealth(runtime),
    closers: createClosers(runtime, logger),
    clients: peersOf(surroundings, process, service),
    broker: createSimBroker({ world, process, cluster, echo, isDurable }),
    databaseUrl: database?.url ?? '',
    ...(issuer ? { fetch: issuer.fetchFor(process) } : {}),
    ...(database ? { databasePool: createSimPool({ world, process, database }) } : {}),
  };
};

/** The gateway's clients come in through its HTTP server, which does not listen but takes requests as if it did. */
const openServer = async (
  context: ServiceContext<unknown>,
  { routes, configureServer }: RunningService,
  registry: Registry,
  isGuarded: boolean,
): Promise<FastifyInstance> => {
  const server = await createHttpServer(
    { ...context, routes, registry, takesCalls: false, unnamed: isGuarded ? NOBODY : ANYBODY },
    isGuarded ? configureServer : undefined,
  );
  await server.ready();
  return server;
};

const createAnswer = (
  { logger, tracer }: ServiceContext<unknown>,
  { routes }: RunningService,
): Answerer['answer'] => {
  const transport = createLocalTransport(routes, tracer);
  // The caller cannot take it back: no signal travels over the simulated network.
  return async (operation, input, { requestId, trace, actor }) => {
    try {
      return await transport(operation, input, { requestId, trace, actor, logger });
    } catch (error) {
      return replyOf(error, { logger });
    }
  };
};

/** Starts a service in a new process of its slot. */
export const startServiceProcess = (surroundings: Surroundings, slot: Slot<ServiceName>): ServiceProcess => {
  const { world } = surroundings;
  const { time, trace } = world;
  const process = createSimProcess(world, slot);
  const service = SERVICES[slot.service];
  const registry = new Registry();
  const context = contextOf(surroundings, process, service, registry);
  let server: FastifyInstance | undefined;
  let answer: Answerer['answer'] | undefined;
  let isLeaving = false;
  let inHand = 0;

  const inHandWhile = async <T>(work: Promise<T>): Promise<T> => {
    inHand += 1;
    try {
      return await work;
    } finally {
      inHand -= 1;
    }
  };
  const start = async (): Promise<void> => {
    const running = await service.start(context);
    if (slot.service === 'api-gateway') {
      // It reads files.
      const isGuarded = surroundings.issuer !== undefined;
      server = await world.realWork.track(openServer(context, running, registry, isGuarded));
    }
    answer = createAnswer(context, running);
    trace(slot.id, 'listens');
  };
  start().catch((error: unknown) => {
    context.logger.fatal({ err: error }, 'a service did not start');
    process.die('did not start');
  });

  return {
    slot,
    process,
    name: slot.id,
    owner: process,
    inject: (request) => (server ? inHandWhile(server.inject(request)) : never()),
    isListening: () => answer !== undefined && !isLeaving && !process.isDead(),
    onDeath: process.onDeath,
    answer: (operation, input, call) => (answer ? inHandWhile(answer(operation, input, call)) : never()),
    stop: async () => {
      isLeaving = true;
      // Both end what clients wait for: the server's own hooks, and what the service has opened.
      if (surroundings.issuer) void server?.close();
      else if (server) await context.closers.closeAll();
      const deadline = time.now() + DRAIN_LIMIT_MS;
      while (inHand > 0 && time.now() < deadline) await time.sleep(DRAIN_POLL_MS);
      await context.closers.closeAll();
      process.die(STOPPED);
    },
  };
};
