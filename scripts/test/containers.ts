import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startKafkaContainer, startPostgresContainer } from '@order-pipeline/testing/containers';

export interface Containers {
  /** Where they are, for the tests. */
  readonly environment: Record<string, string>;
  stop(): Promise<void>;
}

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

/** Starts real Kafka and PostgreSQL for the tests of the pipeline, whose topics are made on purpose. */
export const startPipelineContainers = async (): Promise<Containers> => {
  const [kafka, postgres] = await Promise.all([
    startKafkaContainer({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false' }),
    startPostgresContainer(),
  ]);
  return {
    environment: { KAFKA_BROKERS: kafka.brokers.join(','), TEST_POSTGRES_URL: postgres.url },
    stop: async () => {
      await Promise.all([kafka.stop(), postgres.stop()]);
    },
  };
};

/** Starts a real Kafka as the conformance suite needs it (packages/memory-kafka/conformance/side.ts). */
export const startConformanceContainers = async (): Promise<Containers> => {
  const kafka = await startKafkaContainer({
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'true',
    KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '500',
  });
  return { environment: { KAFKA_BROKERS: kafka.brokers.join(',') }, stop: kafka.stop };
};
