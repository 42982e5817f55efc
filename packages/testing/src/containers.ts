import { fileURLToPath } from 'node:url';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import getPort from 'get-port';
import { GenericContainer, Wait } from 'testcontainers';

export const KAFKA_IMAGE = 'apache/kafka:4.2.0';
const POSTGRES_IMAGE = 'postgres:18';
const KAFKA_CONFIG = fileURLToPath(new URL('../../../docker/kafka', import.meta.url));
export const START_TIMEOUT_MS = 120_000;

export interface KafkaContainer {
  /** Each `host:port`. */
  readonly brokers: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts Apache Kafka in a container: one broker that is its own controller, with a group's first join not delayed.
 *
 * @param settings environment variables of the image, beside those
 */
export const startKafkaContainer = async (
  settings: Readonly<Record<string, string>> = {},
): Promise<KafkaContainer> => {
  // A broker advertises the address that its clients reach it at, so the port is chosen before it starts.
  const port = await getPort({ host: '127.0.0.1' });
  const container = await new GenericContainer(KAFKA_IMAGE)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,BROKER://:9094,CONTROLLER://:9093',
      // The broker asks itself about transactions, and cannot reach itself where its clients do.
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port},BROKER://localhost:9094`,
      KAFKA_INTER_BROKER_LISTENER_NAME: 'BROKER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      ...settings,
    })
    .withCopyDirectoriesToContainer([{ source: KAFKA_CONFIG, target: '/mnt/shared/config' }])
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  return {
    brokers: [`127.0.0.1:${port}`],
    stop: async () => {
      await container.stop();
    },
  };
};

export interface PostgresContainer {
  /** The administrator's URL. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts PostgreSQL in a container, with connections enough for many services and tests. */
export const startPostgresContainer = async (): Promise<PostgresContainer> => {
  const container = await new PostgreSqlContainer(POSTGRES_IMAGE)
    // No test cuts the power: nothing has to wait for the disk.
    .withCommand(['-c', 'max_connections=300', '-c', 'fsync=off', '-c', 'full_page_writes=off'])
    .start();
  return {
    url: container.getConnectionUri(),
    stop: async () => {
      await container.stop();
    },
  };
};
