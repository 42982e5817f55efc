import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { perDatabase } from '@order-pipeline/contracts';
import { createCompose, type Compose } from '../../../../test/compose/compose.ts';
import getPort from 'get-port';
import { CliError } from '@order-pipeline/cli/kit';
import { DAY_MS } from '@order-pipeline/service-kit';
import type { BenchContext } from '../context/context.ts';
import { createDatabase } from '../system/databases.ts';
import type { System } from '../system/system.ts';
import { writeKafkaProperties } from './kafka-properties.ts';

/** Of the administrator of the stack's PostgreSQL. */
export const POSTGRES_PASSWORD = 'postgres';
/** The services that several instances of are measured. */
const SCALED = ['orders', 'shipping', 'delivery'] as const;

/** docker-compose.yml at work, under a name of its own. */
export interface Stack extends System {
  readonly compose: Compose;
  /** Where clients on this machine reach Kafka, as `host:port`. */
  readonly kafkaBrokers: string;
  /** Runs so many instances of orders, shipping and delivery. */
  scale(instances: number): Promise<void>;
}

/** What is set as a user would set it. */
export const stackSettings = (workflowIntervalMs: number): Record<string, string> => ({
  RATE_LIMIT: 'off',
  WORKFLOW_INTERVAL_MS: String(workflowIntervalMs),
  // Orders that wait for the workflow's turn on purpose are not stuck.
  REPUBLISH_AFTER_MS: String(DAY_MS),
});

const requireDocker = (compose: Compose): Promise<unknown> =>
  compose.docker('version').catch(() => {
    throw new CliError('This benchmark needs Docker, and no Docker daemon answers.');
  });

/** Where the gateway is, as near as this system allows: only on Linux are containers reached by their addresses. */
const gatewayUrl = async (compose: Compose): Promise<string> => {
  if (process.platform !== 'linux') return compose.url;
  const gateway = (await compose.containers()).find(({ Service }) => Service === 'api-gateway');
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
  const addresses = await compose.docker('inspect', '--format', format, gateway?.ID ?? '');
  return `http://${addresses.split(' ', 1)[0]}:3000`;
};

/** Builds the image, starts every container and waits until all is ready. */
export const startStack = async ({ life, say }: BenchContext, workflowIntervalMs: number): Promise<Stack> => {
  const [postgresPort, kafkaPort] = [
    await getPort({ host: '127.0.0.1' }),
    await getPort({ host: '127.0.0.1' }),
  ];
  const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-bench-'));
  life.opened('the settings of Kafka', () => rm(folder, { recursive: true }));
  const properties = path.join(folder, 'kafka-server.properties');
  await writeKafkaProperties(properties, kafkaPort);
  const compose = await createCompose({
    ...stackSettings(workflowIntervalMs),
    POSTGRES_PASSWORD,
    COMPOSE_FILE: ['docker-compose.yml', 'tools/bench/docker/compose.yml'].join(path.delimiter),
    BENCH_POSTGRES_PORT: String(postgresPort),
    BENCH_KAFKA_PORT: String(kafkaPort),
    BENCH_KAFKA_PROPERTIES: properties,
  });
  await requireDocker(compose);
  life.opened('the containers', () => compose.run('down', '--volumes', '--timeout', '10'));
  say('Building the image, and starting the containers');
  await compose.run('up', '--build', '--wait', '--quiet-pull');
  const url = await gatewayUrl(compose);
  const urlOf = (name: string): string =>
    `postgresql://postgres:${POSTGRES_PASSWORD}@127.0.0.1:${postgresPort}/${name}`;
  return {
    url,
    compose,
    kafkaBrokers: `127.0.0.1:${kafkaPort}`,
    databases: perDatabase(urlOf),
    createDatabase: (name) => createDatabase(urlOf('postgres'), name),
    scale: async (instances) => {
      const scales = SCALED.flatMap((name) => ['--scale', `${name}=${instances}`]);
      await compose.run('up', '--detach', '--wait', '--no-recreate', ...scales);
    },
  };
};
