import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type { Figures } from '../src/figures.ts';
import { COMES_TO_ITS_END, type Finding } from '../src/findings.ts';
import type { Mutant } from './mutant.ts';
import { plant } from './plant.ts';

/** How a mutant fared; what `--json` writes, for each. */
export interface Hunt {
  readonly name: string;
  readonly bug: string;
  /** The first seed that shows it; missing: it survived. */
  readonly seed?: number;
  /** The promises that the seed saw broken. */
  readonly promises: readonly string[];
  /** How many seeds were looked at. */
  readonly seeds: number;
}

/** Seeds one after the other. */
export interface Range {
  readonly from: number;
  readonly count: number;
}

const runSim = async (folder: string, { from, count }: Range): Promise<Figures> => {
  const json = path.join(folder, 'figures.json');
  const options = ['--from', String(from), '--seeds', String(count), '--stop-on-failure', '--json', json];
  await new Promise<void>((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--no-warnings', '--import', 'tsx', path.join(folder, 'tools/sim/src/main.ts'), ...options],
      { cwd: folder, stdio: 'ignore' },
    );
    child.on('error', reject);
    child.on('exit', () => resolve());
  });
  return JSON.parse(await readFile(json, 'utf8')) as Figures;
};

/** A run that did not come to its end was cut off, be it by a busy machine: that alone says nothing of the bug. */
const showsBug = ({ promise }: Finding): boolean => promise !== COMES_TO_ITS_END;

/**
 * Looks for a seed that breaks a promise, and continues behind those that only did not come to their end.
 *
 * @param run runs seeds until the first in which a promise is broken
 */
export const findSeed = async (
  range: Range,
  run: (range: Range) => Promise<Pick<Figures, 'seeds' | 'failures'>>,
): Promise<Pick<Hunt, 'seed' | 'promises' | 'seeds'>> => {
  for (let seeds = 0; ;) {
    const figures = await run({ from: range.from + seeds, count: range.count - seeds });
    seeds += figures.seeds;
    const [failure] = figures.failures;
    const shown = failure?.findings.filter(showsBug) ?? [];
    if (failure && shown.length > 0)
      return { seed: failure.seed, promises: [...new Set(shown.map(({ promise }) => promise))], seeds };
    if (!failure || seeds >= range.count) return { promises: [], seeds };
  }
};

/** Plants a bug in a copy of the tree, and lets the simulation look for it in these seeds. */
export const hunt = async (mutant: Mutant, range: Range): Promise<Hunt> => {
  const { name, bug } = mutant;
  const { folder, remove } = await plant(mutant);
  try {
    return { name, bug, ...(await findSeed(range, (seeds) => runSim(folder, seeds))) };
  } finally {
    await remove();
  }
};
