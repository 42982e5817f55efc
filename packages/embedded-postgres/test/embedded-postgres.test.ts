import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { acquireDataDirLock } from '../src/data-dir-lock.ts';
import { serverProcesses } from '../src/processes.ts';
import {
  children,
  clusterDir,
  connected,
  dataDir,
  gone,
  isRoot,
  kill9,
  ownFolders,
  query,
  reportOf,
  start,
  startChild,
} from './harness.ts';

ownFolders();

test('a first start creates the cluster and its databases, a second one finds what was stored', async () => {
  const first = await start({ databases: ['users', 'orders'] });
  await query(first.url('orders'), 'create table note as select 42 as answer');
  expect(await query(first.url('users'), 'select current_database() as name')).toEqual([{ name: 'users' }]);
  await first.stop();

  const said: string[] = [];
  const second = await start({ databases: ['users', 'orders', 'inventory'], log: (line) => said.push(line) });
  expect(await query(second.url('orders'), 'select answer from note')).toEqual([{ answer: 42 }]);
  expect(await query(second.url('inventory'), 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(said).toEqual(['starting PostgreSQL', 'created the databases inventory']);
});

test('by default what is committed is durable, and text is UTF-8', async () => {
  const postgres = await start({ durability: 'full' });
  const settings =
    "select current_setting('fsync') as fsync, current_setting('server_encoding') as encoding, lower('ÄÉ') as lower";
  expect(await query(postgres.url('orders'), settings)).toEqual([
    { fsync: 'on', encoding: 'UTF8', lower: 'äé' },
  ]);
});

test('the server listens on 127.0.0.1 alone and asks for its password', async () => {
  const postgres = await start();
  const url = new URL(postgres.url('orders'));
  const settings =
    "select current_setting('listen_addresses') as tcp, current_setting('unix_socket_directories') as unix";
  expect(await query(url.href, settings)).toEqual([{ tcp: '127.0.0.1', unix: '' }]);
  url.password = 'guessed';
  await expect(query(url.href, 'select 1')).rejects.toThrow('password authentication failed');
});

test('a second start on a folder in use is refused in one sentence', async () => {
  await start();
  await expect(start()).rejects.toThrow(
    `Another order-pipeline is running on DATA_DIR ${dataDir} (process ${process.pid}).`,
  );
});

test('of many claims at the same moment one succeeds, and after its release the next one', async () => {
  const claims = await Promise.allSettled(Array.from({ length: 20 }, () => acquireDataDirLock(dataDir)));
  const held = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
  const refused = claims.flatMap((claim) => (claim.status === 'rejected' ? [String(claim.reason)] : []));
  expect(held).toHaveLength(1);
  expect(new Set(refused.map((reason) => reason.replace(/ \(process \d+\)/, '')))).toEqual(
    new Set([`Error: Another order-pipeline is running on DATA_DIR ${dataDir}.`]),
  );
  await held[0]?.release();
  await (await acquireDataDirLock(dataDir)).release();
});

test('after kill -9 of a start the next one ends the server that it left and works', async () => {
  const child = startChild();
  const { pid: old, url } = await reportOf(child);
  await query(url, 'create table note as select 42 as answer');
  await kill9(child);
  expect(serverProcesses(clusterDir())).toContain(old);

  const said: string[] = [];
  const postgres = await start({ log: (line) => said.push(line) });
  expect(said).toContain(`stopping the PostgreSQL that an earlier start left running (process ${old})`);
  expect(serverProcesses(clusterDir())).not.toContain(old);
  expect(await query(postgres.url('orders'), 'select answer from note')).toEqual([{ answer: 42 }]);
});

test('after kill -9 of a start and of its server the next one recovers the data', async () => {
  const child = startChild();
  const { pid: old, url } = await reportOf(child);
  await query(url, 'create table note as select 42 as answer');
  await kill9(child);
  process.kill(old, 'SIGKILL');

  const postgres = await start();
  expect(await query(postgres.url('orders'), 'select answer from note')).toEqual([{ answer: 42 }]);
});

test('a second process is refused while the first one runs', async () => {
  const first = startChild();
  await reportOf(first);
  expect(await reportOf(startChild())).toEqual({
    error: `Another order-pipeline is running on DATA_DIR ${dataDir} (process ${first.pid}).`,
  });
});

test('a stale postmaster.pid whose number now belongs to another program does not hinder', async () => {
  const first = await start();
  await first.stop();
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], asOwnerOf(clusterDir()));
  children.push(other);
  await once(other, 'spawn');
  writeFileSync(path.join(clusterDir(), 'postmaster.pid'), `${other.pid}\n${clusterDir()}\n`);

  const second = await start();
  expect(await query(second.url('orders'), 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(other.exitCode ?? other.signalCode).toBeNull();
});

test('a server that is killed says so, and the next start recovers the data', async () => {
  const first = await start();
  await query(first.url('orders'), 'create table note as select 42 as answer');
  process.kill(first.pid, 'SIGKILL');
  expect(await first.exited).toBe(
    `PostgreSQL ended by SIGKILL; ${path.join(dataDir, 'postgres.log')} may say why.`,
  );
  await first.stop();

  const second = await start();
  expect(await query(second.url('orders'), 'select answer from note')).toEqual([{ answer: 42 }]);
});

test('stop ends the server with its open connections and leaves no process and no lock', async () => {
  const postgres = await start();
  const client = await connected(postgres.url('orders'));
  const reasons: string[] = [];
  client.on('error', (error) => reasons.push(error.message));
  const lost = new Promise((resolve) => client.once('end', resolve));
  await Promise.all([postgres.stop(), postgres.stop()]);
  await lost;
  expect(reasons).toContain('terminating connection due to administrator command');
  expect(serverProcesses(clusterDir())).toEqual([]);
  await (await acquireDataDirLock(dataDir)).release();
});

test('when the process ends without stop, the server ends too', async () => {
  const child = startChild();
  await reportOf(child);
  child.stdin?.write('exit\n');
  await once(child, 'exit');
  await gone();
});

test.each(['SIGINT', 'SIGHUP'] as const)('when %s ends the process, the server ends too', async (signal) => {
  const child = startChild();
  await reportOf(child);
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([null, signal]);
  await gone();
});

test('a signal to the process group of the start does not reach the server', async () => {
  const child = startChild({ detached: true });
  const { pid } = await reportOf(child);
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await once(child, 'exit');
  expect(serverProcesses(clusterDir())).toContain(pid);
});

test('a first start that was interrupted is done again', async () => {
  const stage = path.join(dataDir, 'postgres.new-half', 'cluster');
  mkdirSync(stage, { recursive: true });
  writeFileSync(path.join(stage, 'PG_VERSION'), '18\n');

  await start();
  expect(readdirSync(dataDir).toSorted()).toEqual(['order-pipeline.pid', 'postgres', 'postgres.log']);
});

test('files of another major version, or that are no database, are left alone with a sentence', async () => {
  mkdirSync(clusterDir(), { recursive: true });
  writeFileSync(path.join(clusterDir(), 'letter.txt'), 'dear');
  await expect(start()).rejects.toThrow(`${clusterDir()} holds files that are no PostgreSQL database`);
  writeFileSync(path.join(clusterDir(), 'PG_VERSION'), '12\n');
  await expect(start()).rejects.toThrow(`were made by PostgreSQL 12 and this is PostgreSQL 18`);
  expect(readFileSync(path.join(clusterDir(), 'letter.txt'), 'utf8')).toBe('dear');
});

test('a server that cannot start is reported with its last words', async () => {
  const first = await start();
  await first.stop();
  writeFileSync(path.join(clusterDir(), 'postgresql.conf'), 'shared_bufers = 1\n');
  await expect(start()).rejects.toThrow('unrecognized configuration parameter "shared_bufers"');
  expect(serverProcesses(clusterDir())).toEqual([]);
});

test('a log that has grown over 10 MB starts anew', async () => {
  mkdirSync(dataDir);
  writeFileSync(path.join(dataDir, 'postgres.log'), Buffer.alloc(11 * 1024 * 1024, '.'));
  await start();
  expect(readFileSync(path.join(dataDir, 'postgres.log')).byteLength).toBeLessThan(10_000);
});

/** A program that PostgreSQL would take for its own former server: one of the same user. */
function asOwnerOf(file: string): { uid?: number; gid?: number } {
  const { uid, gid } = statSync(file);
  return isRoot ? { uid, gid } : {};
}
