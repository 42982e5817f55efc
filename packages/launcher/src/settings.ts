import type { DatabaseName, ServiceName } from '@order-pipeline/contracts';
import { urlOf, wholeNumber } from '@order-pipeline/service-kit';
import { z } from 'zod';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const ADDRESS = /^(?:[^\s:,[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/;
const MAX_PORT = 65_535;

const isAddress = (address: string): boolean => {
  const port = Number(ADDRESS.exec(address)?.[1] ?? 0);
  return port >= 1 && port <= MAX_PORT;
};

const kafkaBrokers = z
  .string()
  .transform((value) => value.split(',').map((address) => address.trim()))
  .refine((addresses) => addresses.every(isAddress), 'must be a comma-separated list of host:port');

/** What a process needs to know beside the settings of its services. */
export const processSchema = z.object({
  PORT: wholeNumber(0, MAX_PORT).default(3000),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:-]+$/, 'must be an address or a name of this machine')
    .default('127.0.0.1'),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  DATA_DIR: z.string().default('.data'),
  KAFKA_BROKERS: kafkaBrokers.optional(),
});

export type LogLevel = (typeof LOG_LEVELS)[number];

const variable = (name: string): string => name.toUpperCase().replaceAll('-', '_');

/** The variable that says where a service is, as `ORDERS_FACADE_URL`. */
export const urlVariable = (service: ServiceName): string => `${variable(service)}_URL`;
/** The variable that says where a service's database is, as `ORDERS_DATABASE_URL`. */
export const databaseVariable = (database: DatabaseName): string => `${variable(database)}_DATABASE_URL`;

/** The URLs of databases and of other services; each is checked only where this process would use it. */
export const urlSchema = (databases: readonly DatabaseName[], peers: readonly ServiceName[]) => {
  const databaseUrl = urlOf('postgresql:', 'postgres:').optional();
  const serviceUrl = urlOf('http:', 'https:').optional();
  return z.object(
    Object.fromEntries([
      ...databases.map((name) => [databaseVariable(name), databaseUrl] as const),
      ...peers.map((name) => [urlVariable(name), serviceUrl] as const),
    ]),
  );
};
