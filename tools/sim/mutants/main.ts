import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { Command, EXIT, runCommand, wholeNumber, type ExitCode } from '@order-pipeline/cli/kit';
import { freshSeedOf, MAX_SEED } from '../src/fresh-seed.ts';
import { hunt, type Hunt } from './hunt.ts';
import { MUTANTS } from './mutants.ts';

// mutants [words…] [options]: plants each bug in a copy of the tree and lets the simulation look for it.

const EXIT_CODES = `
Exit codes: 0 every bug was found; 1 one survived; 2 the simulation could not be run.`;

const command = new Command('npx -y pnpm mutants')
  .description('Plants bugs on purpose, each in a copy of the tree, and lets the simulation look for them.')
  .argument('[words...]', 'words of the names of bugs; all bugs, if not given')
  .option('--seeds <k>', 'how many seeds a bug may stay unseen', wholeNumber(1, MAX_SEED), 60)
  .option(
    '--fresh <text>',
    "look on fresh seeds, which follow from a text, such as the hash of a commit, and the bug's name",
  )
  .option('--json <file>', 'write what was found to a file')
  .addHelpText('after', EXIT_CODES);

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

const run = async (): Promise<ExitCode> => {
  const { seeds, fresh, json } = command.opts();
  const hunts = await huntAll(command.processedArgs[0] ?? [], seeds, fresh);
  if (json !== undefined) await writeFile(json, `${JSON.stringify(hunts, undefined, 2)}\n`);
  const survivors = hunts.filter(({ seed }) => seed === undefined);
  console.log(`${hunts.length - survivors.length} of ${hunts.length} mutants found`);
  return survivors.length > 0 ? EXIT.notDone : EXIT.done;
};

process.exitCode = await runCommand(command, process.argv.slice(2), run);
