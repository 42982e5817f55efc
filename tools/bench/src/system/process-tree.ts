import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
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

const NS_PER_MS = 1_000_000;

/** The processor time that a line of `schedstat` says, in milliseconds: its first number, in nanoseconds. */
export const processorMsIn = (schedstat: string): number => Number(schedstat.split(' ', 1)[0]) / NS_PER_MS;

/** The processor time of all threads of a process, in milliseconds; 0 where it has ended. */
const processorMsOf = async (pid: number): Promise<number> => {
  const folder = `/proc/${pid}/task`;
  const threads = await readdir(folder).catch(() => []);
  const lines = await Promise.all(
    threads.map((thread) => readFile(`${folder}/${thread}/schedstat`, 'utf8').catch(() => '')),
  );
  return lines.reduce((sum, line) => sum + processorMsIn(line), 0);
};

/** Processor time since they began, in milliseconds: of a process itself, and of each that it has started. */
export interface TreeTimes {
  readonly root: number;
  readonly others: ReadonlyMap<number, number>;
}

/**
 * The processor time of a process and of all that run which it has started, to the microsecond. Linux alone tells it;
 * elsewhere the answer is nothing.
 */
export const processorTimesOf = async (root: number): Promise<TreeTimes | undefined> => {
  const tree = await listTree(root);
  const times = await Promise.all(
    tree.map(async ({ pid }): Promise<[number, number]> => [pid, await processorMsOf(pid)]),
  );
  const [own, ...others] = times;
  return own && own[1] > 0 ? { root: own[1], others: new Map(others) } : undefined;
};

/** Processor time, in milliseconds: of a process itself, and of all that it has started. */
export interface TreeTime {
  readonly root: number;
  readonly others: number;
}

const NOTHING: TreeTimes = { root: 0, others: new Map() };

/**
 * The processor time between two looks; default: since they began. A process that has ended between them counts for nothing:
 * what it had used before must not make the others look quicker.
 */
export const timeBetween = (before: TreeTimes = NOTHING, after: TreeTimes = NOTHING): TreeTime => {
  let others = 0;
  for (const [pid, ms] of after.others) others += ms - (before.others.get(pid) ?? 0);
  return { root: after.root - before.root, others };
};
