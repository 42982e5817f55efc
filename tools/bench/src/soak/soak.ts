import { SECOND_MS } from '@order-pipeline/service-kit';
import type { BenchContext } from '../context/context.ts';
import { addUp, type Correctness } from '../correctness/correctness.ts';
import { judgeStored } from '../correctness/stored.ts';
import { placeOrders, type Placing } from '../load/place.ts';
import { auditStage } from '../orders/audited.ts';
import { CONNECTIONS } from '../orders/sizes.ts';
import { openSpread, reportExamples } from '../orders/stage.ts';
import { allArrived } from '../orders/walk.ts';
import { describeMachine } from '../report/machine.ts';
import { readable, type Figure, type Report } from '../report/report.ts';
import { median } from '../rounds.ts';
import { serverVersion } from '../system/databases.ts';
import { embeddedSettings, startEmbeddedSystem } from '../system/embedded.ts';
import { memoryOf, type TreeMemory } from '../system/process-tree.ts';
import { startSampling, thirdsOf } from './sampling.ts';

const MIB = 2 ** 20;
const FULL_S = 600;
const QUICK_S = 45;
const SAMPLE_EVERY_MS = 2_000;
const WORKFLOW_INTERVAL_MS = 1_000;
const ARRIVAL_LIMIT_MS = 900_000;
/** The last third may take so many times the middle one. */
const MAX_TIMES = 1.15;

interface Soaked {
  readonly placing: Placing;
  readonly memory: readonly TreeMemory[];
  /** How long the last order was still in progress when no more were placed, in milliseconds. */
  readonly arrivedAfterMs: number;
  readonly correctness: Correctness;
  readonly postgresVersion: string;
}

const soak = async (context: BenchContext, durationS: number): Promise<Soaked> => {
  const { say } = context;
  const system = await startEmbeddedSystem(context, {
    name: 'the soak',
    workflowIntervalMs: WORKFLOW_INTERVAL_MS,
  });
  const source = await openSpread(system.url);
  say(`Soak: placing orders for ${durationS} s, while they walk`);
  const sampling = startSampling(() => memoryOf(system.pid), SAMPLE_EVERY_MS);
  const placing = await placeOrders({
    url: system.url,
    source,
    connections: CONNECTIONS,
    extent: { durationS },
  });
  const memory = await sampling.stop();
  reportExamples(context, [placing]);
  say('Soak: waiting until all are delivered');
  const placedAt = performance.now();
  await allArrived(system.databases.orders, ARRIVAL_LIMIT_MS);
  const arrivedAfterMs = performance.now() - placedAt;
  say('Soak: auditing');
  const correctness = addUp([
    await auditStage(context, system),
    await judgeStored(system.databases, [placing]),
  ]);
  const postgresVersion = await serverVersion(system.databases.orders);
  await system.stop();
  return { placing, memory, arrivedAfterMs, correctness, postgresVersion };
};

/** Whether memory is flat: what the last third of the time took, beside what the middle third took. */
export const flatnessOf = (samples: readonly number[], correctness: Correctness): Figure => {
  const { middle, last } = thirdsOf(samples);
  return {
    name: 'resident memory, last third',
    unit: 'MiB',
    result: [median(last)],
    baseline: { name: 'middle third', values: [median(middle)] },
    target: { timesAtMost: MAX_TIMES },
    correctness,
  };
};

const inMib = (bytes: number): number => bytes / MIB;

const reportOf = (soaked: Soaked, durationS: number): Report => {
  const { placing, memory, arrivedAfterMs, correctness, postgresVersion } = soaked;
  const total = memory.map(({ root, others }) => inMib(root + others));
  const shareOf = (share: (one: TreeMemory) => number): string =>
    readable(inMib(median(thirdsOf(memory.map(share)).last)));
  return {
    name: 'soak',
    command: 'pnpm bench soak',
    method: `One run of ${durationS} s; a sample of memory every ${SAMPLE_EVERY_MS / SECOND_MS} s; medians of thirds of that time.`,
    about: [
      `${CONNECTIONS} connections placed orders without a pause, while the workflow took them up every second: ${readable(placing.answers.placed.length)} orders, ${readable(placing.rate)} a second, p99 ${readable(placing.p99Ms)} ms; the last was delivered ${readable(arrivedAfterMs / SECOND_MS)} s after no more were placed.`,
      `Resident memory of all services in their process, with PostgreSQL in its own; pages that processes share count once. In the last third the services took ${shareOf(({ root }) => root)} MiB, PostgreSQL ${shareOf(({ others }) => others)} MiB.`,
      'The correctness columns are of the audit at the end, and of every answer held against the databases.',
    ],
    at: new Date().toISOString(),
    machine: describeMachine({ PostgreSQL: postgresVersion }),
    settings: embeddedSettings(WORKFLOW_INTERVAL_MS),
    figures: [flatnessOf(total, correctness)],
    series: { title: 'resident memory', unit: 'MiB', everyS: SAMPLE_EVERY_MS / SECOND_MS, values: total },
  };
};

/** Ten minutes of placing and walking at full load, and the memory that they take. */
export const benchSoak = async (context: BenchContext): Promise<Report> => {
  const durationS = context.quick ? QUICK_S : FULL_S;
  return reportOf(await soak(context, durationS), durationS);
};
