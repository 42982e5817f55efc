// `pnpm guarantees [simulation] [mutants] [docker]`: runs what the guarantees are tested by, all or those parts, and
// writes docs/guarantees.md with what came out. `--seeds N` for the simulation.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { readRecord, writeRecord, type GuaranteesRecord, type Part } from './guarantees/record.ts';
import { writePage } from './guarantees/page.ts';

const PARTS: readonly Part[] = ['simulation', 'mutants', 'docker'];

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '300' } },
});

const run = async (
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
const RUNS: Readonly<Record<Part, (file: string) => Promise<number>>> = {
  simulation: (file) => run(['sim/src/main.ts', '--seeds', values.seeds, '--json', file]),
  mutants: (file) => run(['sim/mutants/main.ts', '--json', file]),
  docker: (file) =>
    run(['scripts/test.ts', 'compose', '--testNamePattern=kill -9|Kafka may be|audit finds'], {
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

const folder = await mkdtemp(path.join(tmpdir(), 'order-pipeline-guarantees-'));
let record: GuaranteesRecord = await readRecord();
let failed = false;
try {
  for (const part of PARTS) {
    if (positionals.length > 0 && !positionals.includes(part)) continue;
    const file = path.join(folder, part === 'docker' ? 'docker.jsonl' : `${part}.json`);
    failed = (await RUNS[part](file)) !== 0 || failed;
    record = { ...record, [part]: { at: new Date().toISOString(), figures: await readFigures(file) } };
    await writeRecord(record);
  }
  await writePage(record);
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
