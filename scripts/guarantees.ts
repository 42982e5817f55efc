// `pnpm guarantees [simulation] [mutants] [docker]`: runs what the guarantees are tested by, all or those parts, and
// writes docs/guarantees.md with what came out. `--seeds N` for the simulation.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { exitCodeOf, readArguments } from '@order-pipeline/command-line';
import { readRecord, writeRecord, type GuaranteesRecord, type Part } from './guarantees/record.ts';
import { writePage } from './guarantees/page.ts';

const PARTS: readonly Part[] = ['simulation', 'mutants', 'docker'];

const OPTIONS = { seeds: { type: 'string', default: '300' } } as const;

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
  simulation: (file, seeds) => runScript(['sim/src/main.ts', '--seeds', seeds, '--json', file]),
  mutants: (file) => runScript(['sim/mutants/main.ts', '--json', file]),
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

/** Runs the parts one after the other, and keeps the figures of each as soon as it has ended. */
const runParts = async (parts: readonly Part[], folder: string, seeds: string): Promise<boolean> => {
  let record: GuaranteesRecord = await readRecord();
  let passed = true;
  for (const part of parts) {
    const file = path.join(folder, part === 'docker' ? 'docker.jsonl' : `${part}.json`);
    passed = (await RUNS[part](file, seeds)) === 0 && passed;
    record = { ...record, [part]: { at: new Date().toISOString(), figures: await readFigures(file) } };
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
  const chosen = PARTS.filter((part) => positionals.length === 0 || positionals.includes(part));
  const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-guarantees-'));
  try {
    return (await runParts(chosen, folder, values.seeds)) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

process.exitCode = await exitCodeOf(run);
