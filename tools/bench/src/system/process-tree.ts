import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const KIB = 1_024;

/** A process as `ps` tells of it. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly residentBytes: number;
}

/** Reads what `ps -A -o pid=,ppid=,rss=` prints. */
export const parseProcesses = (output: string): Process[] =>
  output
    .trim()
    .split('\n')
    .map((line) => {
      const [pid = 0, parent = 0, residentKib = 0] = line.trim().split(/\s+/).map(Number);
      return { pid, parent, residentBytes: residentKib * KIB };
    });

/** A process with all that it has started, and all that those have started. */
export const treeOf = (processes: readonly Process[], root: number): Process[] => {
  const children = processes.filter(({ parent }) => parent === root);
  return [
    ...processes.filter(({ pid }) => pid === root),
    ...children.flatMap(({ pid }) => treeOf(processes, pid)),
  ];
};

/** The share of a process: what it shares with others is divided among them. Linux alone tells it. */
const proportionalBytes = async (pid: number): Promise<number | undefined> => {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kib = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib) * KIB;
};

const listTree = async (root: number): Promise<Process[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,rss=']);
  return treeOf(parseProcesses(stdout), root);
};

/** Resident memory, in bytes: of the process itself, and of all that it has started. */
export interface TreeMemory {
  readonly root: number;
  readonly others: number;
}

/**
 * The resident memory of a process and of all that it has started, in bytes. Pages that several processes share count once
 * where the operating system tells it: PostgreSQL's processes share their buffers.
 */
export const memoryOf = async (root: number): Promise<TreeMemory> => {
  const tree = await listTree(root);
  const sizes = await Promise.all(
    tree.map(async ({ pid, residentBytes }) => (await proportionalBytes(pid)) ?? residentBytes),
  );
  const [own = 0, ...others] = sizes;
  return { root: own, others: others.reduce((sum, bytes) => sum + bytes, 0) };
};

/** Linux counts a process's time in hundredths of a second, whatever the kernel's own tick is. */
const TICK_MS = 10;
/** The places of utime and stime behind the name, which may have spaces and parentheses of its own. */
const TIMES = [11, 12] as const;

/** The processor time that the line in `/proc/<pid>/stat` tells, in milliseconds. */
export const processorMsIn = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return TIMES.reduce((sum, at) => sum + Number(fields[at] ?? 0) * TICK_MS, 0);
};

/** Processor time since they began, in milliseconds: of the process itself, and of all that it has started. */
export interface TreeTime {
  readonly root: number;
  readonly others: number;
}

/**
 * The processor time of a process and of all that run which it has started. Linux alone tells it; elsewhere the answer is
 * nothing.
 */
export const processorTimeOf = async (root: number): Promise<TreeTime | undefined> => {
  const tree = await listTree(root);
  const stats = await Promise.all(
    tree.map(({ pid }) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
  );
  const [own = '', ...others] = stats;
  if (own === '') return undefined;
  return { root: processorMsIn(own), others: others.reduce((sum, stat) => sum + processorMsIn(stat), 0) };
};
