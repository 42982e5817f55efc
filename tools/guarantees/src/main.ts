// `npx -y pnpm guarantees [part …] [--seeds N]`: runs what the guarantees are tested by, all of it or those parts, and
// writes docs/guarantees.md with what came out. Parts: simulation, fresh (seeds that nobody had run), mutants,
// fresh-mutants (the same bugs on fresh seeds) and docker. `--add FILE` takes in fresh seeds that `sim --json` has run.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { exitCodeOf, readArguments } from '@order-pipeline/command-line';
import type { Figures } from '@order-pipeline/sim/figures.ts';
import { freshRunOf, withFreshRun } from './fresh.ts';
import { readRecord, writeRecord, type GuaranteesRecord, type Part } from './record.ts';
import { writePage } from './page.ts';

const PARTS: readonly Part[] = ['simulation', 'fresh', 'mutants', 'fresh-mutants', 'docker'];

const OPTIONS = {
  seeds: { type: 'string', default: '300' },
  add: { type: 'string', multiple: true },
} as const;

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
    runScript(['scripts/test.ts', 'compose', '--testNamePattern=kill -9|Kafka may be|audit finds'], {
      CHAOS_REPORT: file,
    }),
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
    const file = path.join(folder, part === 'docker' ? 'docker.jsonl' : `${part}.json`);
    passed = (await RUNS[part](file, seeds)) === 0 && passed;
    record = withFigures(record, part, await readFigures(file));
    await writeRecord(record);
  }
  await writePage(record);
  return passed;
};

const run = async (): Promise<number> => {
  const { values, positionals } = readArguments(process.argv.slice(2), {
    options: OPTIONS,
    allowPositionals: true,
  });
  if (values.add) {
    await addFresh(values.add);
    return 0;
  }
  const chosen = PARTS.filter((part) => positionals.length === 0 || positionals.includes(part));
  const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-guarantees-'));
  try {
    return (await runParts(chosen, folder, values.seeds)) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

process.exitCode = await exitCodeOf(run);
