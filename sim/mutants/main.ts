import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { Figures } from '../src/figures.ts';
import { MUTANTS, type Mutant } from './mutants.ts';
import { plant } from './plant.ts';

// mutants [name…] [--seeds K] [--json FILE]: plants each bug in a copy of the tree and lets the simulation look for it.

const HELP = `Plants bugs on purpose, each in a copy of the tree, and lets the simulation look for them.

Usage: npx pnpm mutants [words of a name] [options]

  --seeds K     how many seeds a bug may stay unseen (default 60)
  --json FILE   write what was found to a file
  --help        show this

It ends with exit code 0 when every bug was found, with 1 when one survived.`;

/** How a mutant fared. */
interface Hunt {
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

const hunt = async (mutant: Mutant, seeds: number): Promise<Hunt> => {
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

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '60' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const chosen = MUTANTS.filter(({ name }) => positionals.every((word) => name.includes(word)));
const hunts: Hunt[] = [];
if (values.help) console.log(HELP);
else
  for (const mutant of chosen) {
    const found = await hunt(mutant, Number(values.seeds));
    hunts.push(found);
    const fate = found.seed === undefined ? 'SURVIVED' : `found by seed ${found.seed}`;
    console.log(`${fate.padEnd(18)} ${found.name}: ${found.promises.join('; ')}`);
  }
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(hunts, undefined, 2)}\n`);
const survivors = hunts.filter(({ seed }) => seed === undefined);
if (!values.help) console.log(`${hunts.length - survivors.length} of ${hunts.length} mutants found`);
process.exitCode = survivors.length > 0 ? 1 : 0;
