import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type { Figures } from '../src/figures.ts';
import type { Mutant } from './mutants.ts';
import { plant } from './plant.ts';

/** How a mutant fared; what `--json` writes, for each. */
export interface Hunt {
  readonly name: string;
  readonly bug: string;
  /** The first seed that shows it; missing: it survived. */
  readonly seed?: number;
  /** The promises that the seed saw broken. */
  readonly promises: readonly string[];
  readonly seeds: number;
}

const runSim = async (folder: string, seeds: number): Promise<Figures> => {
  const json = path.join(folder, 'figures.json');
  const options = ['--seeds', String(seeds), '--stop-on-failure', '--json', json];
  await new Promise<void>((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--no-warnings', '--import', 'tsx', path.join(folder, 'sim/src/main.ts'), ...options],
      { cwd: folder, stdio: 'ignore' },
    );
    child.on('error', reject);
    child.on('exit', () => resolve());
  });
  return JSON.parse(await readFile(json, 'utf8')) as Figures;
};

/** Plants a bug in a copy of the tree, and lets the simulation look for it in so many seeds at the most. */
export const hunt = async (mutant: Mutant, seeds: number): Promise<Hunt> => {
  const { name, bug } = mutant;
  const { folder, remove } = await plant(mutant);
  try {
    const figures = await runSim(folder, seeds);
    const [failure] = figures.failures;
    const promises = [...new Set(failure?.findings.map(({ promise }) => promise))];
    return { name, bug, promises, seeds: figures.seeds, ...(failure ? { seed: failure.seed } : {}) };
  } finally {
    await remove();
  }
};
