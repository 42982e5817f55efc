import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrateDatabase } from '@order-pipeline/service-kit';
import getPort from 'get-port';
import { pino } from 'pino';
import type { BenchContext } from '../context/context.ts';
import { startChild } from '../system/child.ts';

const BENCH = fileURLToPath(new URL('../..', import.meta.url));
const MIGRATIONS = new URL('../../plain/migrations/', import.meta.url);

export interface PlainOptions {
  /** An empty database. */
  readonly databaseUrl: string;
  /** Unset: the broker in memory. */
  readonly kafkaBrokers?: string;
}

/** The plain build at work. */
export interface PlainBuild {
  readonly url: string;
  /** Ends it; before its database is. */
  stop(): Promise<void>;
}

/** Starts the plain build in a process of its own. */
export const startPlainBuild = async (
  { life }: Pick<BenchContext, 'life'>,
  { databaseUrl, kafkaBrokers }: PlainOptions,
): Promise<PlainBuild> => {
  await migrateDatabase(databaseUrl, MIGRATIONS, pino({ level: 'silent' }));
  const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-plain-'));
  life.opened('the files of the plain build', () => rm(folder, { recursive: true }));
  const port = await getPort({ host: '127.0.0.1' });
  const child = startChild({
    name: 'the plain build',
    args: ['--import', 'tsx', 'plain/src/main.ts'],
    cwd: BENCH,
    environment: { PORT: String(port), DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafkaBrokers },
    folder,
  });
  const stop = life.opened('the plain build', () => child.stop());
  const url = `http://127.0.0.1:${port}`;
  await child.ready(`${url}/health/ready`);
  return { url, stop };
};
