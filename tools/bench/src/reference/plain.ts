import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrateDatabase } from '@order-pipeline/service-kit';
import { pino } from 'pino';
import type { BenchContext } from '../context/context.ts';
import { startServer } from '../system/child.ts';

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
  return startServer(
    { life },
    {
      name: 'the plain build',
      args: ['--import', 'tsx', 'plain/src/main.ts'],
      cwd: BENCH,
      environment: { DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafkaBrokers },
      folder,
    },
    /^(http:\S+)$/m,
  );
};
