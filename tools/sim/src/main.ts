import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { EXIT, runProgram, type ExitCode } from '@order-pipeline/cli/kit';
import { HELP, parseOptions } from './options.ts';
import { seedsLine, summaryLines } from './report.ts';
import { runSeeds } from './run-seeds.ts';

// sim [options]: see HELP.

const PROGRESS_EVERY = 25;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const run = async (): Promise<ExitCode> => {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    say(HELP);
    return EXIT.done;
  }
  say(seedsLine(options));
  const figures = await runSeeds(options, say, (done) => {
    if (done % PROGRESS_EVERY === 0) say(`${done} of ${options.count} seeds`);
  });
  for (const line of summaryLines(figures)) say(line);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(figures, undefined, 2)}\n`);
  return figures.failures.length === 0 ? EXIT.done : EXIT.notDone;
};

process.exit(await runProgram(run));
