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
  /** The same broker where clients have to log in; none without `users`. */
  readonly securedBrokers: readonly string[];
  stop(): Promise<void>;
}

/** After which clients have to log in again: longer than a test takes. */
const SESSION_MS = 60_000;

const SCRAM_LOGIN = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';

const securitySettings = (users: Readonly<Record<string, string>>): Record<string, string> => {
  const passwords = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  const plainLogin = `org.apache.kafka.common.security.plain.PlainLoginModule required ${passwords.join(' ')};`;
  return {
    KAFKA_AUTHORIZER_CLASS_NAME: 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    KAFKA_SUPER_USERS: 'User:ANONYMOUS;User:admin',
    KAFKA_LISTENER_NAME_LOGIN_SASL_ENABLED_MECHANISMS: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    KAFKA_LISTENER_NAME_LOGIN_PLAIN_SASL_JAAS_CONFIG: plainLogin,
    KAFKA_LISTENER_NAME_LOGIN_SCRAM___SHA___256_SASL_JAAS_CONFIG: SCRAM_LOGIN,
    KAFKA_LISTENER_NAME_LOGIN_SCRAM___SHA___512_SASL_JAAS_CONFIG: SCRAM_LOGIN,
    KAFKA_CONNECTIONS_MAX_REAUTH_MS: String(SESSION_MS),
  };
};

/**
 * Starts Apache Kafka in a container: one broker that is its own controller, with a group's first join not delayed.
 *
 * @param settings environment variables of the image, beside those
 * @param users passwords by name. With them there is a second port, where clients log in by PLAIN, or by SCRAM once somebody has
 *   created those credentials: `admin` may do everything, the others what ACLs allow, and a session lasts a minute. At the first port everything is allowed.
 */
export const startKafkaContainer = async (
  settings: Readonly<Record<string, string>> = {},
  users?: Readonly<Record<string, string>>,
): Promise<KafkaContainer> => {
  // A broker advertises the address that its clients reach it at, so the port is chosen before it starts.
  const port = await getPort({ host: '127.0.0.1' });
  const securedPort = users && (await getPort({ host: '127.0.0.1' }));
  const container = await new GenericContainer(KAFKA_IMAGE)
    .withExposedPorts(
      { container: 9092, host: port },
      ...(securedPort === undefined ? [] : [{ container: 9095, host: securedPort }]),
    )
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS:
        'PLAINTEXT://:9092,BROKER://:9094,CONTROLLER://:9093' + (users ? ',LOGIN://:9095' : ''),
      // The broker asks itself about transactions, and cannot reach itself where its clients do.
      KAFKA_ADVERTISED_LISTENERS:
        `PLAINTEXT://127.0.0.1:${port},BROKER://localhost:9094` +
        (users ? `,LOGIN://127.0.0.1:${securedPort}` : ''),
      KAFKA_INTER_BROKER_LISTENER_NAME: 'BROKER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
        'PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      ...(users && securitySettings(users)),
      ...settings,
    })
    .withCopyDirectoriesToContainer([{ source: KAFKA_CONFIG, target: '/mnt/shared/config' }])
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  return {
    brokers: [`127.0.0.1:${port}`],
    securedBrokers: securedPort === undefined ? [] : [`127.0.0.1:${securedPort}`],
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
