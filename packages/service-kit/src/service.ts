import type { DatabaseName, ServiceName } from '@order-pipeline/contracts';
import type { FastifyInstance } from 'fastify';
import type pg from 'pg';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Closers } from './closers.ts';
import type { Embedded } from './embedded.ts';
import type { Health } from './health.ts';
import type { ServiceClients } from './http/service-clients.ts';
import type { Broker } from './kafka-port.ts';
import type { Metrics } from './metrics.ts';
import type { Route } from './reply.ts';
import type { Runtime } from './runtime.ts';
import type { Tracer } from './tracing/index.ts';

/** Fetches a document over HTTP: what is used of `fetch`. */
export type Fetch = (
  url: string,
  options: { readonly redirect: 'error'; readonly signal: AbortSignal },
) => Promise<Pick<Response, 'ok' | 'status' | 'json'>>;

/** Everything that a service is given. What it opens it adds to `closers`. */
export interface ServiceContext<S> {
  readonly settings: S;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where it records its spans. */
  readonly tracer: Tracer;
  readonly health: Health;
  readonly closers: Closers;
  readonly clients: ServiceClients;
  readonly broker: Broker;
  /** The PostgreSQL URL of the service's own database. */
  readonly databaseUrl: string;
  /** The same database, as a role that may change its schema; the migrations run as that of `databaseUrl` if not given. */
  readonly migrationUrl?: string | undefined;
  /** Whether somebody else migrates the database: the service waits until it is up to its migrations. */
  readonly awaitsMigrations?: boolean;
  /**
   * The connections to that database, which is up to its migrations then; for who holds them himself. Made from the URL
   * if not given.
   */
  readonly databasePool?: pg.Pool;
  /** How it fetches documents from elsewhere, for who holds the network himself; that of Node.js if not given. */
  readonly fetch?: Fetch;
  /** Missing, unless all that the system consists of runs in this process, and only this machine reaches it. */
  readonly embedded?: Embedded | undefined;
  /** Called when the service, once it has started, meets what it can never go on after. */
  readonly failed?: (error: unknown) => void;
}

/** What a started service can be asked. */
export interface RunningService {
  readonly routes: readonly Route[];
  /** Adds what only this service's own HTTP server has: documents, limits. */
  readonly configureServer?: (server: FastifyInstance) => Promise<void>;
}

/** A service: what it needs, and how it is started. */
export interface Service<S = unknown> {
  readonly name: ServiceName;
  /** The settings that it reads from the environment. */
  readonly settings: z.ZodType<S>;
  /** Why it must not be reached at this address or name of the machine, as a sentence for the one who starts it; if it must not. */
  refusesHost?(settings: S, host: string): string | undefined;
  readonly database?: DatabaseName;
  /** The folder of its database's migrations, with a slash at the end. */
  readonly migrations?: URL;
  readonly usesKafka: boolean;
  /** The services that it asks. */
  readonly dependsOn: readonly ServiceName[];
  /** How long it waits for an answer of another service, in milliseconds. */
  readonly callTimeoutMs: number;
  start(context: ServiceContext<S>): Promise<RunningService>;
}

/** What a service says of itself that has no settings of its own. */
type ServiceWithoutSettings = Omit<Service<object>, 'settings'> & { readonly settings?: never };

const NO_SETTINGS = z.object({});

/** Declares a service, keeping the type of its settings to itself; one without settings of its own leaves them out. */
export function defineService(service: ServiceWithoutSettings): Service<object>;
export function defineService<S>(service: Service<S>): Service<S>;
export function defineService(service: Service | ServiceWithoutSettings): Service {
  return { settings: NO_SETTINGS, ...service };
}
