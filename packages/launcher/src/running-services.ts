import type { ServiceName } from '@order-pipeline/contracts';
import {
  createClosers,
  createBatchingTransport,
  createLocalTransport,
  createMetrics,
  createServiceClients,
  shareReadiness,
  type Closers,
  type Credentials,
  type Health,
  type Metrics,
  type ServiceClients,
  type RunningService,
  type Runtime,
  type Service,
  type Transport,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Infrastructure } from './infrastructure.ts';
import type { Plan, PlannedService } from './plan.ts';
import type { Sandbox } from './sandbox/index.ts';
import { startKafkaMetrics } from './kafka-metrics.ts';
import { measureProcess } from './process-metrics.ts';
import { codeOf, sentenceOf, StartError } from './start-error.ts';
import type { ProcessTracing } from './tracing/open-tracing.ts';

export interface ServiceHost {
  readonly plan: Plan;
  readonly infrastructure: Infrastructure;
  /** What this process proves itself with to services elsewhere. */
  readonly credentials: Credentials | undefined;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly tracing: ProcessTracing;
  readonly health: Health;
  /** Where the system may be tried out. */
  readonly sandbox: Sandbox | undefined;
  readonly progress: (sentence: string) => void;
  /** Aborted when the system is to stop before all of it runs. */
  readonly signal: AbortSignal | undefined;
  /** Called with a sentence when a service that has started can never go on. */
  readonly failed: (sentence: string) => void;
}

/** The services of this process, while they start and until they are stopped. */
export interface RunningServices {
  readonly running: ReadonlyMap<ServiceName, RunningService>;
  /** Starts them one after the other: what is depended on comes first. */
  start(): Promise<void>;
  /** Stops those that were started, the last first. */
  stop(): Promise<void>;
}

/** A failure outside this program, such as a database that is not there, is a sentence; the rest is a bug with a trace. */
const startFailure = (name: ServiceName, error: unknown): unknown =>
  codeOf(error) === undefined
    ? error
    : new StartError(`The ${name} service did not start: ${sentenceOf(error)}`, error);

/** A start that waits for what does not answer is called off at once. */
const unlessAborted = async (starting: Promise<void>, signal: AbortSignal | undefined): Promise<void> => {
  let abort = (): void => undefined;
  const aborted = new Promise<void>((_, reject) => {
    abort = () => reject(signal?.reason as Error);
    signal?.addEventListener('abort', abort);
  });
  try {
    await Promise.race([starting, aborted]);
  } finally {
    signal?.removeEventListener('abort', abort);
    starting.catch(() => undefined);
  }
};

/** One service reports on the topics, which all share: the one that everything begins with. */
const watchTopics = (
  { infrastructure, runtime }: ServiceHost,
  { closers, ...own }: { readonly metrics: Metrics; readonly logger: Logger; readonly closers: Closers },
): void => {
  const topics = startKafkaMetrics({ broker: infrastructure.broker, runtime, ...own });
  closers.add('state of the topics', () => topics.stop());
};

/** Opens the way to a service that runs elsewhere. */
const openTransport = (
  { runtime, credentials }: ServiceHost,
  peer: ServiceName,
  url: string,
  { callTimeoutMs }: Service,
  closers: Closers,
): Transport => {
  const { transport, close } = createBatchingTransport(peer, url, callTimeoutMs, runtime, credentials);
  closers.add(`connections to ${peer}`, close);
  return transport;
};

export const createRunningServices = (host: ServiceHost): RunningServices => {
  const { plan, infrastructure, runtime, registry, health } = host;
  const running = new Map<ServiceName, RunningService>();
  const local = new Map<ServiceName, Transport>();
  const opened: Closers[] = [];
  const readiness = shareReadiness(health, runtime);

  const connectClients = (service: Service, closers: Closers): ServiceClients => {
    const remote = new Map<ServiceName, Transport>();
    for (const peer of service.dependsOn) {
      const url = plan.serviceUrls.get(peer);
      if (url !== undefined) remote.set(peer, openTransport(host, peer, url, service, closers));
    }
    const limit = { runtime, timeoutMs: service.callTimeoutMs };
    return createServiceClients((peer) => local.get(peer) ?? remote.get(peer), limit);
  };

  const startOne = async ({ service, settings }: PlannedService): Promise<void> => {
    const logger = host.logger.child({ service: service.name });
    const closers = createClosers(runtime, logger);
    opened.push(closers);
    const metrics = createMetrics(registry, service.name);
    measureProcess(metrics, readiness, host.credentials);
    const tracer = host.tracing.tracerOf(service.name);
    if (service.name === 'orders') watchTopics(host, { metrics, logger, closers });
    const started = await service.start({
      settings,
      runtime: host.sandbox?.runtimeOf(service.name) ?? runtime,
      logger,
      metrics,
      tracer,
      health,
      closers,
      clients: connectClients(service, closers),
      broker: infrastructure.broker,
      embedded: host.sandbox?.embedded,
      databaseUrl: service.database ? infrastructure.databaseUrl(service.database) : '',
      migrationUrl: service.database && infrastructure.migrationUrl(service.database),
      awaitsMigrations: plan.migrate === 'off',
      failed: (error) => host.failed(`The ${service.name} service cannot go on: ${sentenceOf(error)}`),
    });
    local.set(service.name, createLocalTransport(started.routes, tracer));
    running.set(service.name, started);
    logger.info('service started');
  };

  return {
    running,
    start: async () => {
      for (const planned of plan.services) {
        host.signal?.throwIfAborted();
        host.progress(`Starting ${planned.service.name}`);
        const starting = startOne(planned).catch((error: unknown) => {
          throw startFailure(planned.service.name, error);
        });
        await unlessAborted(starting, host.signal);
      }
    },
    stop: async () => {
      for (const closers of opened.splice(0).toReversed()) await closers.closeAll();
    },
  };
};
