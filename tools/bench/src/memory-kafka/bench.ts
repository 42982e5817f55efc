import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startKafkaContainer } from '@order-pipeline/testing/containers';
import { describeMachine } from '../report/machine.ts';
import type { Figure, Report } from '../report/report.ts';
import { inTurns, type Measure } from '../rounds.ts';
import { startListeningSide } from './listening-side.ts';
import { createKafkaSide, createMemorySide, type Side } from './sides.ts';
import { throughputOf, type Load } from './throughput.ts';

const KAFKA_IMAGE = 'apache/kafka:4.2.0';

interface Sizes {
  readonly rounds: number;
  readonly memory: { readonly single: Load; readonly batches: Load };
  readonly kafka: { readonly single: Load; readonly batches: Load };
}

const single = (sends: number): Load => ({ sends, messagesPerSend: 1 });
const batches = (sends: number): Load => ({ sends, messagesPerSend: 500 });

const FULL: Sizes = {
  rounds: 5,
  memory: { single: single(20_000), batches: batches(400) },
  kafka: { single: single(1_000), batches: batches(100) },
};

const QUICK: Sizes = {
  rounds: 5,
  memory: { single: single(5_000), batches: batches(100) },
  kafka: { single: single(200), batches: batches(20) },
};

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** Measures in a process of its own: what was loaded, compiled and kept before would count otherwise. */
const inFreshProcess =
  (what: 'hold' | 'first'): Measure =>
  async () => {
    const options = ['--expose-gc', '--import', 'tsx', CHILD, what];
    const { stdout } = await promisify(execFile)(process.execPath, options);
    return Number(stdout);
  };

interface Comparison {
  readonly rounds: number;
  /** What the baseline is. */
  readonly beside?: string;
  /** How many times as much it has to be, at least. */
  readonly times: number;
}

const compare = async (
  name: string,
  [measured, baseline]: readonly [Side, Side],
  [load, baselineLoad]: readonly [Load, Load],
  { rounds, beside: baselineName = 'kafkajs on Kafka', times }: Comparison,
): Promise<Figure> => {
  const measures = [throughputOf(measured, load), throughputOf(baseline, baselineLoad)];
  const [found = [], beside = []] = await inTurns(measures, rounds);
  return {
    name,
    unit: 'messages/s',
    result: found,
    baseline: { name: baselineName, values: beside },
    target: { times },
  };
};

const alone = async (
  name: string,
  unit: string,
  measure: Measure,
  { rounds, below }: { readonly rounds: number; readonly below: number },
): Promise<Figure> => {
  const [result = []] = await inTurns([measure], rounds);
  return { name, unit, result, target: { below } };
};

/** memory-kafka beside kafkajs on a real Kafka in a container, on the same machine in the same run. Needs Docker. */
export const benchMemoryKafka = async ({ quick }: { readonly quick: boolean }): Promise<Report> => {
  const { rounds, memory, kafka } = quick ? QUICK : FULL;
  const [container, listening] = await Promise.all([startKafkaContainer(), startListeningSide()]);
  try {
    const memorySide = createMemorySide();
    const sides = [memorySide, createKafkaSide(container.brokers)] as const;
    const overTcp = [listening, memorySide] as const;
    const inProcess = { rounds, beside: 'in the process' };
    const figures = [
      await compare('single sends', sides, [memory.single, kafka.single], { rounds, times: 20 }),
      await compare('sends of 500', sides, [memory.batches, kafka.batches], { rounds, times: 2 }),
      await compare('single sends over TCP', overTcp, [kafka.single, memory.single], {
        ...inProcess,
        times: 0.02,
      }),
      await compare('sends of 500 over TCP', overTcp, [kafka.batches, memory.batches], {
        ...inProcess,
        times: 0.05,
      }),
      await alone('new Kafka() to first message', 'ms', inFreshProcess('first'), { rounds, below: 20 }),
      await alone('a million messages held', 'MiB', inFreshProcess('hold'), { rounds, below: 381 }),
    ];
    return {
      name: 'memory-kafka',
      command: 'pnpm bench memory-kafka',
      about: [
        'Messages have a key and a value of 200 bytes; one topic with one partition; each send waits for its answer; the time runs from the first `send` until `eachBatch` has had the last message.',
        `${KAFKA_IMAGE} runs in a container on the same machine, with its default settings; kafkajs 2.2.4 speaks to it over loopback.`,
        'Over TCP, kafkajs speaks to a cluster of memory-kafka that is a process of its own, and takes of the same processors.',
        'The last two are measured in a fresh process each: nothing compiled, nothing kept. 381 MiB are 400 MB.',
      ],
      at: new Date().toISOString(),
      machine: describeMachine({ kafkajs: '2.2.4', Kafka: KAFKA_IMAGE }),
      figures,
    };
  } finally {
    await Promise.all([container.stop(), listening.stop()]);
  }
};
