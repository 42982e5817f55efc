import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** What a process that is asked to end may take. */
const GRACE_MS = 10_000;
const LOOK_EVERY_MS = 100;

/** A process and all that it started, and they started, the youngest generation last. */
const treeOf = (root: number): number[] => {
  const listed = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = listed.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const tree = [root];
  for (const parent of tree) {
    for (const [pid, ppid] of pairs) if (ppid === parent && pid !== undefined) tree.push(pid);
  }
  return tree;
};

/** Sends a signal, and answers whether there was a process to get it. */
const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
};

/** Asks a process and all that it started to end, and ends what has not done so after ten seconds. */
export const endTree = async (root: number): Promise<void> => {
  const tree = treeOf(root);
  const left = () => tree.filter((pid) => signal(pid, 0));
  for (const pid of tree) signal(pid, 'SIGTERM');
  for (let waited = 0; waited < GRACE_MS && left().length > 0; waited += LOOK_EVERY_MS) {
    await pause(LOOK_EVERY_MS);
  }
  for (const pid of left()) signal(pid, 'SIGKILL');
};
