import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { DATABASE_NAMES } from '@order-pipeline/contracts';
import { startEmbeddedPostgres } from '@order-pipeline/embedded-postgres';
import { createLogger, startSystem, type System } from '@order-pipeline/launcher';
import { createCluster } from '@order-pipeline/memory-kafka';
import { createRuntime } from '@order-pipeline/service-kit';

// Instances of every service on one PostgreSQL and one broker in memory, all in this process. INSTANCES, DATA_DIR; it
// writes the URLs of all gateways into gateways.json, and prints the first of them when all are ready.

const { INSTANCES, DATA_DIR = '.', ...environment } = process.env;
const MAX_CONNECTIONS = 300;

const runtime = createRuntime();
const postgres = await startEmbeddedPostgres({
  dataDir: DATA_DIR,
  databases: DATABASE_NAMES,
  log: () => undefined,
  runtime,
  maxConnections: MAX_CONNECTIONS,
});
const urls = DATABASE_NAMES.map((name) => [`${name.toUpperCase()}_DATABASE_URL`, postgres.url(name)]);
const options = {
  environment: { ...environment, DATA_DIR, PORT: '0', ...Object.fromEntries(urls) },
  memoryCluster: createCluster({ clock: runtime, random: runtime.random }),
  logger: createLogger('info'),
};
const systems: System[] = [];
while (systems.length < Number(INSTANCES)) systems.push(await startSystem(options));
const gateways = systems.map(({ url }) => url);
await writeFile(path.join(DATA_DIR, 'gateways.json'), JSON.stringify(gateways));
console.log(`API ${gateways[0]}`);

const stop = async (): Promise<void> => {
  await Promise.all(systems.map((system) => system.stop()));
  await postgres.stop();
  process.exit(0);
};
for (const reason of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(reason, () => void stop());
