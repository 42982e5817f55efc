import { expect } from '@jest/globals';
import { MINUTE_MS } from '@order-pipeline/service-kit';
import { eventually } from '@order-pipeline/testing';
import type { Compose } from './compose.ts';
import { askPostgres } from './postgres.ts';

/** The databases whose tables grow with every order. */
const DATABASES = ['orders', 'inventory'];

/** Moves the tables of those databases, while all continues. A table that is in use is tried again. */
const moveTables = async (compose: Compose, from: string, to: string): Promise<void> => {
  for (const database of DATABASES) {
    const move = `ALTER TABLE ALL IN TABLESPACE ${from} SET TABLESPACE ${to}`;
    await eventually(() => askPostgres(compose, `\\connect ${database}`, `SET lock_timeout = '1s'`, move), {
      timeoutMs: MINUTE_MS,
    });
  }
};

/**
 * Does `work` while the tables of PostgreSQL are on a disk that is full, and puts them back where they were. Its log is on
 * another one: without room for that PostgreSQL ends itself, as when it is killed.
 */
export const whileDiskIsFull = async (compose: Compose, work: () => Promise<void>): Promise<void> => {
  const onDisk = (...command: string[]) => compose.run('exec', '-T', 'postgres', ...command);
  // As root: Docker does not keep the mode of such a disk over a restart of its container.
  await onDisk('install', '--directory', '--owner=postgres', '--mode=0700', '/small/tables');
  await askPostgres(compose, `CREATE TABLESPACE small LOCATION '/small/tables'`);
  try {
    await moveTables(compose, 'pg_default', 'small');
    // It ends when nothing more fits.
    await expect(onDisk('dd', 'if=/dev/zero', 'of=/small/ballast', 'bs=64k')).rejects.toThrow(
      'No space left',
    );
    const write = 'CREATE TABLE filling TABLESPACE small AS SELECT generate_series(1, 1000000)';
    await expect(askPostgres(compose, write)).rejects.toThrow('No space left on device');
    await work();
  } finally {
    await onDisk('rm', '--force', '/small/ballast');
    await moveTables(compose, 'small', 'pg_default');
    await askPostgres(compose, 'DROP TABLESPACE small');
    await onDisk('rmdir', '/small/tables');
  }
};
