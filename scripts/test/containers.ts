import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { GenericContainer, Wait } from 'testcontainers';

export interface Containers {
  /** Where they are, for the tests. */
  readonly environment: Record<string, string>;
  stop(): Promise<void>;
}

const KAFKA_CONFIG = fileURLToPath(new URL('../../docker/kafka', import.meta.url));
const PROBE_TIMEOUT_MS = 10_000;

/** Whether a Docker daemon and Compose answer. */
export const dockerAnswers = async (): Promise<boolean> => {
  const run = promisify(execFile);
  try {
    await run('docker', ['info'], { timeout: PROBE_TIMEOUT_MS });
    await run('docker', ['compose', 'version'], { timeout: PROBE_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** One broker that is its own controller. It tells its clients the port that they reach it at, so that one is chosen. */
const startKafka = async (port: number) =>
  new GenericContainer('apache/kafka:4.2.0')
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    })
    .withCopyDirectoriesToContainer([{ source: KAFKA_CONFIG, target: '/mnt/shared/config' }])
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(120_000)
    .start();

/** Starts real Kafka and PostgreSQL for the tests. */
export const startContainers = async (): Promise<Containers> => {
  const port = await freePort();
  const [kafka, postgres] = await Promise.all([
    startKafka(port),
    new PostgreSqlContainer('postgres:18').withCommand(['-c', 'max_connections=300']).start(),
  ]);
  return {
    environment: { KAFKA_BROKERS: `127.0.0.1:${port}`, TEST_POSTGRES_URL: postgres.getConnectionUri() },
    stop: async () => {
      await Promise.all([kafka.stop(), postgres.stop()]);
    },
  };
};
