import type { DatabaseName } from '@order-pipeline/contracts';
import { createCluster, type MemoryCluster } from '@order-pipeline/memory-kafka';
import { createClosers, sleep, type Broker, type Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@order-pipeline/embedded-postgres';
import { createKafkaBroker } from './kafka-broker.ts';
import { createMemoryBroker } from './memory-broker.ts';
import type { Plan } from './plan.ts';
import { sentenceOf, StartError } from './start-error.ts';
import { startTrimming } from './topic-trimming.ts';

/** The broker and the databases of a process. */
export interface Infrastructure {
  readonly broker: Broker;
  databaseUrl(name: DatabaseName): string;
  /** The same as a role that may change the schema, where the services' own may not. */
  migrationUrl(name: DatabaseName): string | undefined;
  /** The cluster in memory, where no Kafka is named. */
  readonly memoryCluster: MemoryCluster | undefined;
  /** The process of the embedded PostgreSQL, where one was started. */
  readonly postgresPid: number | undefined;
  /** Resolves with a sentence when the embedded PostgreSQL exits unexpectedly; otherwise never. */
  readonly failed: Promise<string>;
  stop(): Promise<void>;
}

export interface InfrastructureOptions {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly progress: (sentence: string) => void;
  /** `off`: the embedded PostgreSQL does not wait for the disk; for tests. */
  readonly durability?: 'full' | 'off';
  /** The cluster to use where no Kafka is named; one of its own if not given. */
  readonly memoryCluster?: MemoryCluster;
}

/** A pool of connections calls itself closed a moment before its connections are. */
const LOG_FLUSH_MS = 50;

const capitalized = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);

const startPostgres = async (
  plan: Plan,
  databases: readonly DatabaseName[],
  { runtime, progress, durability = 'full' }: InfrastructureOptions,
): Promise<EmbeddedPostgres> => {
  progress(`Opening the database files in ${plan.dataDir}`);
  try {
    return await startEmbeddedPostgres({
      dataDir: plan.dataDir,
      databases,
      log: (line) => progress(capitalized(line)),
      runtime,
      durability,
    });
  } catch (error) {
    throw new StartError(sentenceOf(error), error);
  }
};

/** The broker in memory, which deletes what everybody has read as long as it is open. */
const openMemoryBroker = ({
  runtime,
  logger,
  memoryCluster = createCluster({ clock: runtime, random: runtime.random }),
}: InfrastructureOptions) => {
  const broker = createMemoryBroker(memoryCluster, logger);
  const closers = createClosers(runtime, logger);
  const trimming = startTrimming({ admin: broker.connect('trimming').admin(), runtime, logger });
  closers.add('trimming of topics', trimming.stop);
  return { broker, memoryCluster, close: closers.closeAll };
};

const openBroker = ({ kafka }: Plan, options: InfrastructureOptions) =>
  kafka
    ? { broker: createKafkaBroker(kafka, options.logger), memoryCluster: undefined, close: undefined }
    : openMemoryBroker(options);

/** Opens what the services stand on: a URL that is set means the real thing, one that is not means the embedded one. */
export const openInfrastructure = async (
  plan: Plan,
  options: InfrastructureOptions,
): Promise<Infrastructure> => {
  const embedded = [...plan.databases].filter(([, url]) => url === undefined).map(([name]) => name);
  const postgres = embedded.length > 0 ? await startPostgres(plan, embedded, options) : undefined;
  const { broker, memoryCluster, close } = openBroker(plan, options);
  return {
    broker,
    databaseUrl: (name) => plan.databases.get(name) ?? postgres?.url(name) ?? '',
    migrationUrl: (name) => plan.migrationUrls.get(name),
    memoryCluster,
    postgresPid: postgres?.pid,
    failed: postgres?.exited ?? new Promise(() => undefined),
    stop: async () => {
      await close?.();
      if (!postgres) return;
      await sleep(options.runtime, LOG_FLUSH_MS);
      await postgres.stop();
    },
  };
};
