import { constants, symlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { acquireDataDirLock, isDataDirLocked, O_EXLOCK, type LockSystem } from '../src/data-dir-lock.ts';
import { supportedPlatform } from '../src/platform.ts';
import { serverProcesses, sharesNetwork } from '../src/processes.ts';
import { clusterDir, dataDir, ownFolders, start } from './harness.ts';

ownFolders();

/** What macOS does with O_EXLOCK: one handle has the file until it is closed, and with O_NONBLOCK nobody waits for it. */
const macOs = (): LockSystem => {
  const held = new Set<unknown>();
  const openLocked: typeof open = async (file, flags, mode) => {
    const wanted = O_EXLOCK | constants.O_NONBLOCK;
    if (((flags as number) & wanted) !== wanted) throw new Error('opened without a lock');
    if (held.has(file)) throw Object.assign(new Error('busy'), { code: 'EAGAIN' });
    held.add(file);
    const handle = await open(file, (flags as number) & ~O_EXLOCK, mode);
    const close = handle.close.bind(handle);
    handle.close = async () => {
      held.delete(file);
      await close();
    };
    return handle;
  };
  return { platform: 'darwin', open: openLocked };
};

test('on macOS one of many claims of a folder succeeds, and the next one after its release', async () => {
  const system = macOs();
  const claims = await Promise.allSettled(
    Array.from({ length: 20 }, () => acquireDataDirLock(dataDir, system)),
  );
  const [lock, ...others] = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
  expect(others).toEqual([]);
  const refusals = claims.flatMap((claim) => (claim.status === 'rejected' ? [String(claim.reason)] : []));
  expect(refusals).toHaveLength(19);
  for (const refusal of refusals) expect(refusal).toContain('Another order-pipeline is running on DATA_DIR');
  expect(await isDataDirLocked(dataDir, system)).toBe(true);
  await lock?.release();
  expect(await isDataDirLocked(dataDir, system)).toBe(false);
  await (await acquireDataDirLock(dataDir, system)).release();
});

test('on macOS a folder that cannot be locked for another reason is no running start', async () => {
  const refused = Object.assign(new Error('no right'), { code: 'EACCES' });
  const system = { platform: 'darwin' as const, open: () => Promise.reject(refused) };
  await expect(acquireDataDirLock(dataDir, system)).rejects.toBe(refused);
});

test('on macOS a server is found by its number and its command line, by every way to its files', async () => {
  expect(serverProcesses(clusterDir(), 'darwin')).toEqual([]);
  const postgres = await start();
  const link = path.join(path.dirname(dataDir), `${path.basename(dataDir)}-link`);
  symlinkSync(dataDir, link);
  expect(serverProcesses(clusterDir(), 'darwin')).toEqual([postgres.pid]);
  expect(serverProcesses(path.join(link, 'postgres'), 'darwin')).toEqual([postgres.pid]);
  expect(sharesNetwork(postgres.pid, 'darwin')).toBe(true);
  await postgres.stop();
  expect(serverProcesses(clusterDir(), 'darwin')).toEqual([]);
});

test.each(['win32', 'freebsd'])('%s is refused with a sentence that names what to do', (name) => {
  expect(() => supportedPlatform(name)).toThrow(`not on ${name}: start within a Linux such as WSL 2, or set`);
});
