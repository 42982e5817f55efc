import type { Runtime } from '@order-pipeline/service-kit';
import { readFileSync } from 'node:fs';
import process from 'node:process';

const POLL_INTERVAL_MS = 250;
const PACKAGE_MANAGER = /(?:^|[/\0 ])(?:npm|npx|pnpm|yarn)(?:\.[cm]?js)?(?:[\0 ]|$)/;
const SHELL = /^(?:sh|ash|dash|bash|zsh)$/;

interface Ancestor {
  readonly name: string;
  readonly command: string;
  readonly parent: number;
}

const readProcess = (pid: number): Ancestor | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    return {
      name: stat.slice(stat.indexOf('(') + 1, end),
      // After the name come the state and the parent.
      parent: Number(stat.slice(end + 2).split(' ')[1]),
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
    };
  } catch {
    return undefined;
  }
};

/** The package managers that started this process, with the shells between them, nearest first; the user's shell is not one. */
const findChain = (): number[] => {
  const seen: number[] = [];
  let length = 0;
  for (let pid = process.ppid; pid > 1;) {
    const ancestor = readProcess(pid);
    if (!ancestor) break;
    seen.push(pid);
    if (!SHELL.test(ancestor.name)) {
      if (!PACKAGE_MANAGER.test(ancestor.command)) break;
      length = seen.length;
    }
    pid = ancestor.parent;
  }
  return seen.slice(0, length);
};

const isWhole = (chain: readonly number[]): boolean =>
  chain.every((pid, index) => {
    const child = chain[index - 1];
    return (child === undefined ? process.ppid : readProcess(child)?.parent) === pid;
  });

/**
 * Calls `onBroken` once when a package manager that started this process ends before it. `npx` dies of a signal
 * without handing it on, and what it started would run for ever. Where there is no /proc, only the parent is watched.
 *
 * @param byScript whether a package manager's script started this process
 */
export const watchLaunchChain = (
  runtime: Pick<Runtime, 'after'>,
  byScript: boolean,
  onBroken: () => void,
): void => {
  const found = findChain();
  const chain = found.length > 0 || !byScript ? found : [process.ppid];
  if (chain.length === 0) return;
  const look = (): void => {
    if (isWhole(chain)) runtime.after(POLL_INTERVAL_MS, look);
    else onBroken();
  };
  look();
};
