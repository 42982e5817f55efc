import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { DATABASE_NAMES } from '@order-pipeline/contracts';
import { startSystem, type System } from '@order-pipeline/launcher';
import { startTestPostgres, type TestPostgres } from '@order-pipeline/testing';
import { defineFlowTests } from '../flows.ts';
import { createGateway, type Gateway } from '../gateway.ts';

let dataDir: string;
let postgres: TestPostgres | undefined;
let system: System;
let gateway: Gateway;

/** What is not given is embedded, as in life: a broker in KAFKA_BROKERS, databases on the server of TEST_POSTGRES_URL. */
const givenInfrastructure = async (): Promise<Record<string, string | undefined>> => {
  const { KAFKA_BROKERS, TEST_POSTGRES_URL } = process.env;
  if (!TEST_POSTGRES_URL) return { KAFKA_BROKERS };
  const given = (postgres = await startTestPostgres());
  const urls = await Promise.all(
    DATABASE_NAMES.map(
      async (name) => [`${name.toUpperCase()}_DATABASE_URL`, await given.freshDatabase(name)] as const,
    ),
  );
  return { KAFKA_BROKERS, ...Object.fromEntries(urls) };
};

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'order-pipeline-flows-'));
  system = await startSystem({
    environment: {
      PORT: '0',
      DATA_DIR: dataDir,
      WORKFLOW_INTERVAL_MS: '300',
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'fatal',
      ...(await givenInfrastructure()),
    },
    durability: 'off',
  });
  gateway = createGateway(system.url);
}, 60_000);

afterAll(async () => {
  await gateway?.close();
  await system?.stop();
  await postgres?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

defineFlowTests(() => gateway);
