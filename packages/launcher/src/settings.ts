import type { DatabaseName, ServiceName } from '@order-pipeline/contracts';
import {
  DEFAULT_HTTP_ACCESS,
  isAddressRange,
  isWronglyPooled,
  listOf,
  milliseconds,
  urlOf,
  wholeNumber,
} from '@order-pipeline/service-kit';
import { z } from 'zod';
import { tracingSettings } from './tracing/settings.ts';

/** Who migrates the databases: each start, a process that does nothing else, or somebody else. */
const MIGRATE = ['start', 'job', 'off'] as const;

export type Migrate = (typeof MIGRATE)[number];

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const MAX_PORT = 65_535;
const MAX_SHUTDOWN_DELAY_MS = 60_000;

const HOST_NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const MAX_CONNECTIONS = 1_000_000;

/** Who may reach the process over HTTP. */
const accessSettings = {
  ALLOWED_HOSTS: listOf(
    (name) => HOST_NAME.test(name),
    'must be a comma-separated list of names of hosts, without ports',
  ).default([]),
  TRUSTED_PROXIES: listOf(
    isAddressRange,
    'must be a comma-separated list of addresses or ranges such as 10.0.0.0/8',
  ).default([]),
  MAX_CONNECTIONS: wholeNumber(1, MAX_CONNECTIONS).default(DEFAULT_HTTP_ACCESS.maxConnections),
  MAX_CONNECTIONS_PER_ADDRESS: wholeNumber(1, MAX_CONNECTIONS).default(
    DEFAULT_HTTP_ACCESS.maxConnectionsPerAddress,
  ),
  RESPONSE_TIMEOUT_MS: milliseconds(DEFAULT_HTTP_ACCESS.responseTimeoutMs),
};

/** What a process needs to know beside the settings of its services. */
export const processSchema = z.object({
  PORT: wholeNumber(0, MAX_PORT).default(3000),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:-]+$/, 'must be an address or a name of this machine')
    .default('127.0.0.1'),
  METRICS_PORT: wholeNumber(0, MAX_PORT).optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  DATA_DIR: z.string().default('.data'),
  MIGRATE: z.enum(MIGRATE, { error: `must be one of ${MIGRATE.join(', ')}` }).default('start'),
  ...accessSettings,
  ...tracingSettings,
  SHUTDOWN_DELAY_MS: wholeNumber(0, MAX_SHUTDOWN_DELAY_MS).default(0),
});

export type LogLevel = (typeof LOG_LEVELS)[number];

const variable = (name: string): string => name.toUpperCase().replaceAll('-', '_');

/** The variable that says where a service is, as `ORDERS_FACADE_URL`. */
export const urlVariable = (service: ServiceName): string => `${variable(service)}_URL`;
/** The variable that says where a service's database is, as `ORDERS_DATABASE_URL`. */
export const databaseVariable = (database: DatabaseName): string => `${variable(database)}_DATABASE_URL`;

/** The variable that says as whom the migrations of a service's database run, as `ORDERS_MIGRATION_DATABASE_URL`. */
export const migrationVariable = (database: DatabaseName): string =>
  `${variable(database)}_MIGRATION_DATABASE_URL`;

const POOLED_WRONGLY =
  'must have ?pgbouncer=true where it leads to PgBouncer, and no options then: set them for the role';

/** The URLs of databases and of other services; each is checked only where this process would use it. */
export const urlSchema = (databases: readonly DatabaseName[], services: readonly ServiceName[]) => {
  const databaseUrl = urlOf('postgresql:', 'postgres:')
    // One that is no URL has been reported already.
    .refine((url) => !URL.canParse(url) || !isWronglyPooled(url), POOLED_WRONGLY)
    .optional();
  const serviceUrl = urlOf('http:', 'https:').optional();
  return z.object(
    Object.fromEntries([
      ...databases.map((name) => [databaseVariable(name), databaseUrl] as const),
      ...databases.map((name) => [migrationVariable(name), databaseUrl] as const),
      ...services.map((name) => [urlVariable(name), serviceUrl] as const),
    ]),
  );
};
