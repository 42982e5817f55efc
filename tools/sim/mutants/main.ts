import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { exitCodeOf, readArguments, wholeNumberOf } from '@order-pipeline/command-line';
import { freshSeedOf, MAX_SEED } from '../src/fresh-seed.ts';
import { hunt, type Hunt } from './hunt.ts';
import { MUTANTS } from './mutants.ts';

// mutants [name…] [--seeds K] [--json FILE]: plants each bug in a copy of the tree and lets the simulation look for it.

const HELP = `Plants bugs on purpose, each in a copy of the tree, and lets the simulation look for them.

Usage: npx -y pnpm mutants [words of a name] [options]

  --seeds K     how many seeds a bug may stay unseen (default 60)
  --fresh TEXT  look on fresh seeds, which follow from a text, such as the hash of a commit, and the bug's name
  --json FILE   write what was found to a file
  --help        show this

It ends with exit code 0 when every bug was found, with 1 when one survived.`;

const OPTIONS = {
  seeds: { type: 'string', default: '60' },
  fresh: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** @param fresh what the fresh seeds follow from; the fixed ones, if not given */
const huntAll = async (
  words: readonly string[],
  seeds: number,
  fresh: string | undefined,
): Promise<Hunt[]> => {
  const hunts: Hunt[] = [];
  for (const mutant of MUTANTS.filter(({ name }) => words.every((word) => name.includes(word)))) {
    const from = fresh === undefined ? 1 : freshSeedOf(`${fresh} ${mutant.name}`);
    const found = await hunt(mutant, { from, count: seeds });
    hunts.push(found);
    const fate =
      found.seed === undefined ? 'SURVIVED' : `found by seed ${found.seed} (number ${found.seeds})`;
    console.log(`${fate.padEnd(18)} ${found.name}: ${found.promises.join('; ')}`);
  }
  return hunts;
};

const run = async (): Promise<number> => {
  const { values, positionals } = readArguments(process.argv.slice(2), {
    options: OPTIONS,
    allowPositionals: true,
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const hunts = await huntAll(positionals, wholeNumberOf('seeds', values.seeds, 1, MAX_SEED), values.fresh);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(hunts, undefined, 2)}\n`);
  const survivors = hunts.filter(({ seed }) => seed === undefined);
  console.log(`${hunts.length - survivors.length} of ${hunts.length} mutants found`);
  return survivors.length > 0 ? 1 : 0;
};

process.exitCode = await exitCodeOf(run);
