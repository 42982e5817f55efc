import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { findEmbeddedPostgres } from '../src/index.ts';
import { clusterDir, dataDir, kill9, ownFolders, query, reportOf, start, startChild } from './harness.ts';

ownFolders();

test('a PostgreSQL is found as it is: missing, running with its password, stopped', async () => {
  expect(await findEmbeddedPostgres(dataDir)).toEqual({ state: 'missing' });
  const postgres = await start();
  const found = await findEmbeddedPostgres(dataDir);
  if (found.state !== 'running') throw new Error(`it is ${found.state}`);
  expect(found.url('orders')).toBe(postgres.url('orders'));
  expect(await query(found.url('orders'), 'select 1 as one')).toEqual([{ one: 1 }]);
  await postgres.stop();
  expect(await findEmbeddedPostgres(dataDir)).toEqual({ state: 'stopped' });
});

test('one whose starter was killed is abandoned, and nothing that looks at it disturbs a start', async () => {
  const child = startChild();
  await reportOf(child);
  expect(await findEmbeddedPostgres(dataDir)).toMatchObject({ state: 'running' });
  await kill9(child);
  expect(await findEmbeddedPostgres(dataDir)).toEqual({ state: 'abandoned' });
  const again = await start();
  expect(await findEmbeddedPostgres(dataDir)).toMatchObject({ state: 'running' });
  await again.stop();
  expect(await findEmbeddedPostgres(dataDir)).toEqual({ state: 'stopped' });
});

test('one that is about to end is not taken for one that runs', async () => {
  await start();
  writeFileSync(path.join(clusterDir(), 'postmaster.pid'), '');
  await expect(findEmbeddedPostgres(dataDir)).rejects.toThrow('is about to start or to end');
});
