import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { mkdir, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { pid } from 'node:process';
import { errorCode, reasonOf } from './errors.ts';
import { supportedPlatform, type Platform } from './platform.ts';

export type DataDirLock = {
  /** The folder with every symbolic link resolved. */
  readonly dataDir: string;
  /** Gives the folder free; calling it again does nothing. */
  release(): Promise<void>;
};

type Held = { release(): Promise<void> };

/** open(2)'s O_EXLOCK, which macOS has: open and flock in one step. Node does not name it. */
export const O_EXLOCK = 0x20;

/** The operating system, as far as a claim depends on it. */
export type LockSystem = { readonly platform: Platform; readonly open: typeof open };

const thisSystem = (): LockSystem => ({ platform: supportedPlatform(), open });

/**
 * Claims a folder for this process, creating it where it is missing. Two claims at the same moment cannot both succeed, and the
 * operating system itself gives the folder free when the process ends, however it ends.
 *
 * The claim holds among the processes of one machine that share a network namespace: two containers that mount the same folder do not
 * see each other's.
 * @throws Error with one sentence when another process has the folder, or the folder cannot be used.
 */
export async function acquireDataDirLock(dataDir: string, system = thisSystem()): Promise<DataDirLock> {
  const folder = await usableFolder(path.resolve(dataDir));
  const pidFile = path.join(folder, 'order-pipeline.pid');
  const held = await claim(folder, system);
  if (held === undefined) throw new Error(await refusal(folder, pidFile));
  let released: Promise<void> | undefined;
  const release = (): Promise<void> =>
    (released ??= rm(pidFile, { force: true }).finally(() => held.release()));
  try {
    await replaceFile(pidFile, `${pid}\n`);
  } catch (cause) {
    await held.release();
    throw unusable(folder, cause);
  }
  return { dataDir: folder, release };
}

/**
 * Whether a process of this machine and network namespace has claimed a folder that exists. Disturbs no claim.
 * @param dataDir with every symbolic link resolved or not
 */
export async function isDataDirLocked(dataDir: string, system = thisSystem()): Promise<boolean> {
  const folder = path.resolve(dataDir);
  if (system.platform === 'linux') return answers(`\0${await lockNameOf(folder)}`);
  const held = await lockFile(folder, system);
  await held?.release();
  return held === undefined;
}

async function answers(name: string): Promise<boolean> {
  const socket = connect(name);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function usableFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    return await realpath(folder);
  } catch (cause) {
    throw unusable(folder, cause);
  }
}

function unusable(folder: string, cause: unknown): Error {
  return new Error(`DATA_DIR ${folder} cannot be used: ${reasonOf(cause)}.`, { cause });
}

async function lockNameOf(folder: string): Promise<string> {
  // Device and inode, unlike a path, are the same by every way that leads to the folder.
  const { dev, ino } = await stat(folder, { bigint: true });
  return `order-pipeline-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)}`;
}

async function claim(folder: string, system: LockSystem): Promise<Held | undefined> {
  return system.platform === 'linux' ? listenOn(`\0${await lockNameOf(folder)}`) : lockFile(folder, system);
}

/** Linux's abstract sockets: a name that one process can have, with no file that could stay behind. */
async function listenOn(name: string): Promise<Held | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen(name);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE') return undefined;
    throw error;
  }
  server.unref();
  return {
    release: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

async function lockFile(folder: string, system: LockSystem): Promise<Held | undefined> {
  const file = path.join(folder, 'order-pipeline.lock');
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK;
  try {
    const handle = await system.open(file, flags, 0o644);
    return { release: () => handle.close() };
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return undefined;
    throw error;
  }
}

async function refusal(folder: string, pidFile: string): Promise<string> {
  const holder = (await readFile(pidFile, 'utf8').catch(() => '')).trim();
  return `Another order-pipeline is running on DATA_DIR ${folder}${holder === '' ? '' : ` (process ${holder})`}.`;
}

/** Renames a new file over the old one: right to write into the folder is enough, regardless of the old file's owner. */
async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
