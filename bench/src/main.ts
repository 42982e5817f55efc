import process from 'node:process';
import { parseArgs } from 'node:util';
import { benchMemoryKafka } from './memory-kafka/bench.ts';
import { tableOf } from './report/markdown.ts';
import { rowOf, type Report } from './report/report.ts';
import { writeReport } from './report/write.ts';

const HELP = `Measures, and writes what it found to docs/benchmarks.

Usage: npx pnpm bench [what] [options]

  memory-kafka   the in-memory broker beside kafkajs on a real Kafka (needs Docker)

  --quick        fewer messages; nothing is written
  --help         show this

It ends with exit code 0 when every figure is as wanted, with 1 when one is not.`;

type Benchmark = (options: { readonly quick: boolean }) => Promise<Report>;

const BENCHMARKS: Readonly<Record<string, Benchmark>> = { 'memory-kafka': benchMemoryKafka };

const run = async (names: readonly string[], quick: boolean): Promise<number> => {
  const unknown = names.find((name) => !(name in BENCHMARKS));
  if (unknown !== undefined) {
    console.error(`There is no benchmark ${unknown}, only ${Object.keys(BENCHMARKS).join(', ')}`);
    return 1;
  }
  let met = true;
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const report = await benchmark({ quick });
    console.log(`\n${tableOf(report)}\n`);
    if (!quick) await writeReport(report);
    met &&= report.figures.every((figure) => rowOf(figure).met);
  }
  return met ? 0 : 1;
};

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (values.help) console.log(HELP);
process.exitCode = values.help ? 0 : await run(positionals, values.quick);
