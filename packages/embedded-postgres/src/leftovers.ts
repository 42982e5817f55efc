import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pidFileOf, readPidFile, serverProcesses, signalServer, type StopSignal } from './processes.ts';
import { waitUntil, type Clock } from './waiting.ts';

type Step = { readonly signal?: StopSignal; readonly waitMs: number };

/** A server that is whole: a fast shutdown, then an immediate one, then the end. */
const SERVER_STEPS: readonly Step[] = [
  { signal: 'SIGINT', waitMs: 4_000 },
  { signal: 'SIGQUIT', waitMs: 2_000 },
  { signal: 'SIGKILL', waitMs: 3_000 },
];

/**
 * Processes whose server was killed notice it and end by themselves. They get no SIGINT: the checkpointer would take it as the order to
 * mark the files as cleanly closed while others may still write.
 */
const ORPHAN_STEPS: readonly Step[] = [
  { waitMs: 2_000 },
  { signal: 'SIGQUIT', waitMs: 2_000 },
  { signal: 'SIGKILL', waitMs: 3_000 },
];

/**
 * Ends every process of PostgreSQL that still works on a data directory, and removes the postmaster.pid that a killed server leaves. The
 * caller holds the lock of the data folder, so such a server belongs to nobody. Takes 9 s at most.
 * @returns whether the files were left without a clean shutdown, so that the next start recovers them.
 * @throws Error with one sentence when a process outlives SIGKILL.
 */
export async function endLeftovers(
  cluster: string,
  clock: Clock,
  log: (line: string) => void,
): Promise<boolean> {
  const found = serverProcesses(cluster);
  const server = found.find((pid) => pid === readPidFile(cluster)?.pid);
  if (server !== undefined)
    log(`stopping the PostgreSQL that an earlier start left running (process ${server})`);
  for (const step of server === undefined ? ORPHAN_STEPS : SERVER_STEPS) {
    if (await take(step, cluster, clock, server)) break;
  }
  const left = serverProcesses(cluster);
  if (left.length > 0)
    throw new Error(`PostgreSQL still works on ${cluster} and cannot be stopped (process ${left[0]}).`);
  // PostgreSQL would refuse to start if the number in a stale file belonged to any living process by now.
  const unclean = existsSync(pidFileOf(cluster));
  if (unclean) await rm(pidFileOf(cluster), { force: true });
  return unclean;
}

async function take(step: Step, cluster: string, clock: Clock, server: number | undefined): Promise<boolean> {
  const found = serverProcesses(cluster);
  const receivers =
    server !== undefined && found.includes(server) && step.signal !== 'SIGKILL' ? [server] : found;
  for (const pid of receivers) if (step.signal !== undefined) signalServer(pid, step.signal);
  return waitUntil(clock, step.waitMs, () => serverProcesses(cluster).length === 0);
}
