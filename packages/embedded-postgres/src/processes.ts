import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { kill } from 'node:process';
import { errorCode } from './errors.ts';
import { supportedPlatform } from './platform.ts';

/** What PostgreSQL writes into postmaster.pid of a data directory. */
export type PidFile = { readonly pid: number; readonly port: number; readonly ready: boolean };

export type StopSignal = 'SIGINT' | 'SIGQUIT' | 'SIGKILL';

export const pidFileOf = (cluster: string): string => path.join(cluster, 'postmaster.pid');

/** Reads postmaster.pid; undefined when there is none, or one that is not filled in. */
export function readPidFile(cluster: string): PidFile | undefined {
  try {
    const lines = readFileSync(pidFileOf(cluster), 'utf8').split('\n');
    const pid = Number(lines[0]);
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

/**
 * The processes of PostgreSQL that work on a data directory: the server, and what is left of one that was killed. A program that merely got
 * the number of a former server is never among them.
 */
export function serverProcesses(cluster: string, platform = supportedPlatform()): number[] {
  if (platform === 'linux') return processesInside(cluster);
  const pid = readPidFile(cluster)?.pid;
  // A server is started with the path to which every symbolic link leads.
  return pid !== undefined && commandLineOf(pid).includes(realpathSync(cluster)) ? [pid] : [];
}

/** Every process of a server has the data directory as its working directory, under whatever title it shows. */
function processesInside(cluster: string): number[] {
  const folder = statSync(cluster, { throwIfNoEntry: false });
  if (folder === undefined) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        if (readFileSync(`/proc/${pid}/comm`, 'utf8') !== 'postgres\n') return false;
        const inside = statSync(`/proc/${pid}/cwd`);
        return inside.dev === folder.dev && inside.ino === folder.ino;
      } catch {
        return false; // it has ended meanwhile, or is somebody else's
      }
    });
}

/** Whether a process is in the network namespace of this one, so that the lock of its data folder can be seen from here. */
export function sharesNetwork(pid: number, platform = supportedPlatform()): boolean {
  if (platform !== 'linux') return true;
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
  } catch {
    return false; // it has ended meanwhile, or is somebody else's
  }
}

function commandLineOf(pid: number): string {
  return spawnSync('ps', ['-ww', '-p', `${pid}`, '-o', 'args='], { encoding: 'utf8' }).stdout ?? '';
}

/** Sends a signal to a process of PostgreSQL; one that has just ended is no error. */
export function signalServer(pid: number, signal: StopSignal): void {
  try {
    kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
