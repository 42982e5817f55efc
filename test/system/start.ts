import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DATABASE_NAMES } from '@order-pipeline/contracts';
import { startSystem, type System, type SystemOptions } from '@order-pipeline/launcher';
import { startTestPostgres, type TestPostgres } from '@order-pipeline/testing';

export interface StartedSystem {
  readonly system: System;
  /** Where the embedded start keeps its files. */
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** What is not given is embedded, as in production: a broker in KAFKA_BROKERS, databases on the server of TEST_POSTGRES_URL. */
const givenDatabases = async (postgres: TestPostgres): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      DATABASE_NAMES.map(
        async (name) => [`${name.toUpperCase()}_DATABASE_URL`, await postgres.freshDatabase(name)] as const,
      ),
    ),
  );

export type WholeSystemOptions = Pick<SystemOptions, 'logger'> & {
  readonly environment?: Record<string, string>;
};

/** Starts all services in this process, with a workflow that ticks quickly. */
export const startWholeSystem = async (options: WholeSystemOptions = {}): Promise<StartedSystem> => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-flows-'));
  const { KAFKA_BROKERS, TEST_POSTGRES_URL } = process.env;
  const postgres = TEST_POSTGRES_URL ? await startTestPostgres() : undefined;
  const system = await startSystem({
    environment: {
      PORT: '0',
      DATA_DIR: dataDir,
      WORKFLOW_INTERVAL_MS: '300',
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'fatal',
      KAFKA_BROKERS,
      ...(postgres ? await givenDatabases(postgres) : {}),
      ...options.environment,
    },
    durability: 'off',
    ...(options.logger ? { logger: options.logger } : {}),
  });
  return {
    system,
    dataDir,
    stop: async () => {
      await system.stop();
      await postgres?.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
