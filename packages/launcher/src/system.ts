import {
  createHealth,
  createRuntime,
  openCredentials,
  sleep,
  type Health,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { acquireDataDirLock } from '@order-pipeline/embedded-postgres';
import { checkPort, startHttpListener, type HttpListener } from './http-listener.ts';
import { openInfrastructure, type Infrastructure, type InfrastructureOptions } from './infrastructure.ts';
import { createLogger } from './logger.ts';
import type { Plan } from './plan.ts';
import { createRunningServices, type RunningServices } from './running-services.ts';
import { createSandbox } from './sandbox/index.ts';
import { sentenceOf, StartError } from './start-error.ts';
import { openTracing } from './tracing/open-tracing.ts';
import { untilReady } from './until-ready.ts';

/** What a start may be given beside its plan. */
export interface StartOptions extends Pick<InfrastructureOptions, 'durability' | 'memoryCluster'> {
  /** That of a real process if not given. */
  readonly runtime?: Runtime;
  /** JSON lines on stdout at LOG_LEVEL if not given. */
  readonly logger?: Logger;
  /** Called with sentences about what is being done. */
  readonly progress?: (sentence: string) => void;
  /** Aborted: the start is given up, and what was opened is closed again. */
  readonly signal?: AbortSignal;
}

/** A system that runs: services of one process, what they stand on, and their one HTTP server. */
export interface System {
  /** Where its HTTP server is, without a slash at the end. */
  readonly url: string;
  /** Where its metrics are, without a slash at the end. */
  readonly metricsUrl: string;
  readonly health: Health;
  readonly registry: Registry;
  readonly infrastructure: Infrastructure;
  /** Resolves with a sentence when something broke without which it cannot go on; otherwise never. */
  readonly failed: Promise<string>;
  /**
   * Is no longer ready, but keeps serving for `SHUTDOWN_DELAY_MS`, until the load balancer has seen it; in the
   * second half each answer ends its connection. Where nobody asks, it resolves at once.
   */
  leave(): Promise<void>;
  /** Finishes what is in flight and closes everything, in reverse; asked again, it answers the same stop. */
  stop(): Promise<void>;
}

/** On a port that is taken by another start on the same files, that start is what should be reported. */
const checkPortAndFiles = async (plan: Plan): Promise<void> => {
  if (plan.port === 0) return;
  try {
    await checkPort(plan.host, plan.port);
  } catch (error) {
    if ([...plan.databases.values()].includes(undefined)) {
      const lock = await acquireDataDirLock(plan.dataDir).catch((held: unknown) => {
        throw new StartError(sentenceOf(held), held);
      });
      await lock.release();
    }
    throw error;
  }
};

/** Whether any of these services can be asked something. */
const serves = (running: RunningServices['running']): boolean =>
  [...running.values()].some(({ routes }) => routes.length > 0);

/** Answers the first stop, however often it is asked. */
const once = (stop: () => Promise<void>): (() => Promise<void>) => {
  let stopping: Promise<void> | undefined;
  return () => (stopping ??= stop());
};

/**
 * Starts what is planned, in the order of what stands on what.
 *
 * @throws StartError with one sentence for what the person who started it can mend; whatever was opened is closed
 */
export const startPlanned = async (plan: Plan, options: StartOptions): Promise<System> => {
  const { signal, runtime = createRuntime(), progress = () => undefined } = options;
  const logger = options.logger ?? createLogger(plan.logLevel);
  await checkPortAndFiles(plan);
  const infrastructure = await openInfrastructure(plan, { ...options, runtime, logger, progress });
  const credentials = plan.credentialFiles && openCredentials(plan.credentialFiles, { runtime, logger });
  const registry = new Registry();
  const tracing = await openTracing(plan.tracing, { runtime, logger, registry });
  const health = createHealth(runtime, { servesRequests: () => serves(services.running) });
  let failed = (_sentence: string): void => undefined;
  const serviceFailed = new Promise<string>((resolve) => {
    failed = resolve;
  });
  const host = {
    plan,
    infrastructure,
    credentials,
    runtime,
    logger,
    registry,
    tracing,
    health,
    sandbox: createSandbox(plan, { infrastructure, runtime, logger }),
    progress,
    signal,
    failed,
  };
  const services = createRunningServices(host);
  let http: HttpListener | undefined;
  const stop = once(async () => {
    await http?.stop();
    await services.stop();
    await Promise.all([tracing.stop(), infrastructure.stop(), credentials?.stop()]);
  });
  const leave = async (): Promise<void> => {
    health.leave();
    if (!serves(services.running)) return;
    await sleep(runtime, plan.shutdownDelayMs / 2);
    http?.endConnections();
    await sleep(runtime, plan.shutdownDelayMs / 2);
  };
  try {
    await services.start();
    signal?.throwIfAborted();
    const { running } = services;
    const { host: address, port, metricsPort, access } = plan;
    http = await startHttpListener({ ...host, running, host: address, port, metricsPort, access });
    await Promise.race([untilReady(host), serviceFailed]);
    signal?.throwIfAborted();
  } catch (error) {
    await stop();
    throw error;
  }
  const broken = Promise.race([infrastructure.failed, serviceFailed]);
  const { url, metricsUrl } = http;
  return { url, metricsUrl, health, registry, infrastructure, failed: broken, leave, stop };
};
