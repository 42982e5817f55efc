import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PASSWORDS } from '../../packages/memory-kafka/conformance/secured.ts';
import { times } from '@order-pipeline/testing';
import { startKafkaContainer, startPostgresContainer } from '@order-pipeline/testing/containers';

export interface Containers {
  /** Where they are, for the tests. */
  readonly environment: Record<string, string>;
  stop(): Promise<void>;
}

const PROBE_TIMEOUT_MS = 10_000;
/** Several brokers share few cores, and a group that rebalances takes seconds. What is asked for sooner is bounded without containers. */
const EVENTUALLY_TIMEOUT_MS = 15_000;

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

/**
 * Starts real Kafka and PostgreSQL for the tests of the pipeline, whose topics are made on purpose: one PostgreSQL, where
 * each test creates databases of its own, and a Kafka for each worker of jest, since the files of a worker share its topics
 * and consumer groups (scripts/test/kafka-of-worker.mjs).
 */
export const startPipelineContainers = async (workers: number): Promise<Containers> => {
  const [postgres, ...kafkas] = await Promise.all([
    startPostgresContainer(),
    ...times(workers, () => startKafkaContainer({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false' })),
  ]);
  return {
    environment: {
      KAFKA_OF_WORKERS: kafkas.map(({ brokers }) => brokers.join(',')).join(' '),
      TEST_POSTGRES_URL: postgres.url,
      EVENTUALLY_TIMEOUT_MS: String(EVENTUALLY_TIMEOUT_MS),
    },
    stop: async () => {
      await Promise.all([postgres, ...kafkas].map((container) => container.stop()));
    },
  };
};

/** Starts a real Kafka as the conformance suite needs it (packages/memory-kafka/conformance/side.ts). */
export const startConformanceContainers = async (): Promise<Containers> => {
  const settings = {
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'true',
    KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '500',
    // Compaction is looked at, too.
    KAFKA_LOG_CLEANER_BACKOFF_MS: '500',
  };
  const kafka = await startKafkaContainer(settings, PASSWORDS);
  return {
    environment: {
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_SECURED_BROKERS: kafka.securedBrokers.join(','),
    },
    stop: kafka.stop,
  };
};
