// guarantees [part …] [options]: see --help.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { Argument, Command, EXIT, runCommand, wholeNumber, type ExitCode } from '@order-pipeline/cli/kit';
import type { Figures } from '@order-pipeline/sim/figures.ts';
import { freshRunOf, withFreshRun } from './fresh.ts';
import { INSTANCES, readRecord, writeRecord, type GuaranteesRecord, type Part } from './record.ts';
import { writePage } from './page.ts';

const PARTS: readonly Part[] = [
  'simulation',
  'instances',
  'fresh',
  'mutants',
  'fresh-mutants',
  'docker',
  'cluster',
  'kubernetes',
];
/** Needs a cluster of Kubernetes, and is run only when it is named. */
const BY_HAND: readonly Part[] = ['kubernetes'];

/** Those that write a line for each of their figures. */
const LINES: readonly Part[] = ['docker', 'cluster', 'kubernetes'];

/** Each takes some ten times as long as one with few instances. */
const SEEDS_OF_INSTANCES = 100;
const MAX_SEEDS = 1_000_000;

const EXIT_CODES = `
Exit codes: 0 every promise was kept; 1 one was not; 2 it could not be run.`;

const command = new Command('npx -y pnpm guarantees')
  .description('Runs what the guarantees are tested by, and writes docs/guarantees.md with the results.')
  .addArgument(
    new Argument(
      '[parts...]',
      'what to run, everything but kubernetes if not given; fresh are seeds that nobody had run, fresh-mutants the planted bugs on such seeds',
    ).choices(PARTS),
  )
  .option('--seeds <n>', 'how many seeds', wholeNumber(1, MAX_SEEDS), 300)
  .option('--add <file...>', 'take in fresh seeds that `sim --json` has run, and run nothing')
  .addHelpText('after', EXIT_CODES);

const runScript = async (
  arguments_: readonly string[],
  environment: Record<string, string> = {},
): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', ...arguments_], {
      stdio: 'inherit',
      env: { ...process.env, ...environment },
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });

/** Each writes its figures into `file` and answers its exit code. */
const RUNS: Readonly<Record<Part, (file: string, seeds: string) => Promise<number>>> = {
  simulation: (file, seeds) => runScript(['tools/sim/src/main.ts', '--seeds', seeds, '--json', file]),
  instances: (file) =>
    runScript([
      'tools/sim/src/main.ts',
      '--seeds',
      String(SEEDS_OF_INSTANCES),
      '--instances',
      String(INSTANCES),
      '--json',
      file,
    ]),
  fresh: (file, seeds) =>
    runScript([
      'tools/sim/src/main.ts',
      '--seeds',
      seeds,
      '--json',
      file,
      '--fresh',
      new Date().toISOString(),
    ]),
  mutants: (file) => runScript(['tools/sim/mutants/main.ts', '--json', file]),
  'fresh-mutants': (file) =>
    runScript(['tools/sim/mutants/main.ts', '--json', file, '--fresh', new Date().toISOString()]),
  docker: (file) =>
    runScript(['scripts/test.ts', 'stacks', 'test/compose/chaos'], {
      CHAOS_REPORT: file,
    }),
  cluster: (file) =>
    runScript(['scripts/test.ts', 'stacks', 'test/compose/cluster'], { CLUSTER_REPORT: file }),
  kubernetes: (file) => runScript(['scripts/test.ts', 'kubernetes'], { KUBERNETES_REPORT: file }),
};

/** One JSON text, or one a line. */
const readFigures = async (file: string): Promise<unknown> => {
  const text = await readFile(file, 'utf8');
  return file.endsWith('.jsonl')
    ? text
        .split('\n')
        .filter((line) => line !== '')
        .map((line): unknown => JSON.parse(line))
    : JSON.parse(text);
};

/** Fresh seeds add up, as they are fresh only once; of everything else the last run counts. */
const withFigures = (record: GuaranteesRecord, part: Part, read: unknown): GuaranteesRecord => {
  const at = new Date().toISOString();
  const figures =
    part === 'fresh' ? withFreshRun(record.fresh?.figures ?? [], freshRunOf(read as Figures, at)) : read;
  return { ...record, [part]: { at, figures } };
};

/** Takes in fresh seeds that were run elsewhere. */
const addFresh = async (files: readonly string[]): Promise<void> => {
  let record = await readRecord();
  for (const file of files) record = withFigures(record, 'fresh', await readFigures(file));
  await writeRecord(record);
  await writePage(record);
};

/** Runs the parts one after the other, and keeps the figures of each as soon as it has ended. */
const runParts = async (parts: readonly Part[], folder: string, seeds: string): Promise<boolean> => {
  let record: GuaranteesRecord = await readRecord();
  let passed = true;
  for (const part of parts) {
    const file = path.join(folder, `${part}.${LINES.includes(part) ? 'jsonl' : 'json'}`);
    passed = (await RUNS[part](file, seeds)) === 0 && passed;
    record = withFigures(record, part, await readFigures(file));
    await writeRecord(record);
  }
  await writePage(record);
  return passed;
};

const run = async (): Promise<ExitCode> => {
  const { seeds, add } = command.opts();
  if (add) {
    await addFresh(add);
    return EXIT.done;
  }
  const asked: readonly string[] = command.processedArgs[0] ?? [];
  const chosen = PARTS.filter((part) =>
    asked.length === 0 ? !BY_HAND.includes(part) : asked.includes(part),
  );
  const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-guarantees-'));
  try {
    return (await runParts(chosen, folder, String(seeds))) ? EXIT.done : EXIT.notDone;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

process.exitCode = await runCommand(command, process.argv.slice(2), run);
