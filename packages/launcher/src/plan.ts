import { SERVICE_NAMES, type DatabaseName, type ServiceName } from '@order-pipeline/contracts';
import {
  parseSettings,
  SettingsError,
  type CredentialFiles,
  type HttpAccess,
  type Service,
} from '@order-pipeline/service-kit';
import type { z } from 'zod';
import { databaseUrlProblems } from './database-urls.ts';
import { kafkaIn, kafkaSchema, type KafkaOptions } from './kafka-settings.ts';
import { SERVICES } from './registry.ts';
import { credentialFilesIn, plainUrls, tlsSchema } from './tls-settings.ts';
import {
  databaseVariable,
  migrationVariable,
  processSchema,
  urlSchema,
  urlVariable,
  type LogLevel,
  type Migrate,
} from './settings.ts';
import { planTracing, type TracingPlan } from './tracing/settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface PlannedService {
  readonly service: Service;
  readonly settings: unknown;
}

/** What a process is to run, checked as a whole before anything is opened. */
export interface Plan {
  /** In the order in which they start. */
  readonly services: readonly PlannedService[];
  readonly port: number;
  /** Where the metrics are instead of on the port above, if they are. */
  readonly metricsPort: number | undefined;
  readonly host: string;
  /** Unset: services talk in the clear. */
  readonly credentialFiles: CredentialFiles | undefined;
  readonly logLevel: LogLevel;
  readonly access: HttpAccess;
  readonly dataDir: string;
  /** How long requests are still taken after the process was asked to end. */
  readonly shutdownDelayMs: number;
  readonly tracing: TracingPlan;
  /** Unset: the broker in memory. */
  readonly kafka: KafkaOptions | undefined;
  /** Every database that is needed, with its URL; without one it is embedded. */
  readonly databases: ReadonlyMap<DatabaseName, string | undefined>;
  /** `off`: the services wait until somebody else has migrated their databases. */
  readonly migrate: Migrate;
  /** The same databases as roles that may change their schemas, where the services' own may not. */
  readonly migrationUrls: ReadonlyMap<DatabaseName, string | undefined>;
  /** Where the services are that are asked and run elsewhere. */
  readonly serviceUrls: ReadonlyMap<ServiceName, string>;
}

const isServiceName = (name: string): name is ServiceName =>
  (SERVICE_NAMES as readonly string[]).includes(name);

/** Those of the names that no service has, a sentence each. */
export const unknownNames = (names: readonly string[]): string[] =>
  [...new Set(names)]
    .filter((name) => !isServiceName(name))
    .map((name) => `There is no service ${JSON.stringify(name)}, only ${SERVICE_NAMES.join(', ')}`);

/** The services of these names, in the order in which they start; all of them without any. */
export const chooseServices = (names: readonly string[]): Service[] =>
  SERVICE_NAMES.filter((name) => names.length === 0 || names.includes(name)).map((name) => SERVICES[name]);

/** Parses settings; what is wrong with them is added to `problems`. */
export const parse = <S>(
  schema: z.ZodType<S>,
  environment: Environment,
  problems: string[],
): S | undefined => {
  try {
    return parseSettings(schema, environment);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
};

const remoteDependencies = (services: readonly Service[]): ServiceName[] => {
  const here = new Set(services.map(({ name }) => name));
  return [...new Set(services.flatMap(({ dependsOn }) => dependsOn))].filter((name) => !here.has(name));
};

const missingUrls = (services: readonly Service[], environment: Environment): string[] =>
  remoteDependencies(services)
    .filter((peer) => !environment[urlVariable(peer)])
    .map((peer) => {
      const askers = services.filter(({ dependsOn }) => dependsOn.includes(peer)).map(({ name }) => name);
      return `${urlVariable(peer)} must be set: ${askers.join(', ')} asks ${peer}, which does not run in this process`;
    });

/** A broker in memory reaches only the services of its own process. */
const missingKafka = (services: readonly Service[], environment: Environment): string[] => {
  if (environment['KAFKA_BROKERS']) return [];
  const here = services.filter(({ usesKafka }) => usesKafka).map(({ name }) => name);
  const all = SERVICE_NAMES.filter((name) => SERVICES[name].usesKafka);
  if (here.length === 0 || here.length === all.length) return [];
  const elsewhere = all.filter((name) => !here.includes(name));
  return [
    `KAFKA_BROKERS must be set: ${here.join(', ')} exchanges events with ${elsewhere.join(', ')}, which does not run in this process`,
  ];
};

/**
 * Checks what is to run, and with which settings.
 *
 * @param names the services; none means all of them
 * @throws SettingsError with every problem of every service that would start
 */
export const planSystem = (names: readonly string[], environment: Environment): Plan => {
  const problems = unknownNames(names);
  const services = chooseServices(names);
  if (problems.length === 0)
    problems.push(...missingKafka(services, environment), ...missingUrls(services, environment));
  const databases = services.flatMap(({ database }) => database ?? []);
  const remote = remoteDependencies(services);
  const settings = parse(processSchema, environment, problems);
  const kafka = parse(kafkaSchema, environment, problems);
  const tls = parse(tlsSchema, environment, problems);
  const urls = parse(urlSchema(databases, remote), environment, problems);
  const planned = services.map((service) => ({
    service,
    settings: parse(service.settings, environment, problems),
  }));
  for (const { service, settings: own } of planned) {
    const refusal = settings && own !== undefined && service.refusesHost?.(own, settings.HOST);
    if (refusal) problems.push(refusal);
  }
  const serviceUrls = new Map(remote.map((name) => [name, urls?.[urlVariable(name)] ?? ''] as const));
  if (urls) problems.push(...databaseUrlProblems(databases, urls, { planned, migrate: settings?.MIGRATE }));
  if (tls && credentialFilesIn(tls)) problems.push(...plainUrls(serviceUrls));
  if (!settings || !kafka || !tls || !urls || problems.length > 0)
    throw new SettingsError([...new Set(problems)]);
  return {
    services: planned,
    port: settings.PORT,
    metricsPort: settings.METRICS_PORT,
    host: settings.HOST,
    credentialFiles: credentialFilesIn(tls),
    logLevel: settings.LOG_LEVEL,
    access: {
      allowedHosts: settings.ALLOWED_HOSTS.map((name) => name.toLowerCase()),
      trustedProxies: settings.TRUSTED_PROXIES,
      maxConnections: settings.MAX_CONNECTIONS,
      maxConnectionsPerAddress: settings.MAX_CONNECTIONS_PER_ADDRESS,
      responseTimeoutMs: settings.RESPONSE_TIMEOUT_MS,
    },
    dataDir: settings.DATA_DIR,
    shutdownDelayMs: settings.SHUTDOWN_DELAY_MS,
    tracing: planTracing(settings, services.length === SERVICE_NAMES.length),
    kafka: kafkaIn(kafka),
    databases: new Map(databases.map((name) => [name, urls[databaseVariable(name)]])),
    migrationUrls: new Map(databases.map((name) => [name, urls[migrationVariable(name)]])),
    migrate: settings.MIGRATE,
    serviceUrls,
  };
};
