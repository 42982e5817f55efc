// The tools that come with Kafka 4.2, from its image, at a cluster that listens. They need Docker.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCluster, type Listener, type MemoryCluster } from '../../src/index.ts';
import { runProgram } from './programs.ts';

const IMAGE = 'apache/kafka:4.2.0';
const START_TIMEOUT_MS = 120_000;
/** Each tool starts a Java virtual machine. */
const TIMEOUT_MS = 60_000;
/** The container ends by itself, should nobody be left to stop it. */
const MAX_SECONDS = '600';
const QUICK_START = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

let cluster: MemoryCluster;
let listener: Listener;
let container: string;

beforeAll(async () => {
  cluster = createCluster();
  listener = await cluster.listen();
  const settings = ['-e', 'KAFKA_HEAP_OPTS=-Xmx256m', '-e', `KAFKA_JVM_PERFORMANCE_OPTS=${QUICK_START}`];
  const start = [
    'run',
    '-d',
    '--rm',
    '--network',
    'host',
    ...settings,
    '--entrypoint',
    'sleep',
    IMAGE,
    MAX_SECONDS,
  ];
  container = (await runProgram('docker', start)).trim();
}, START_TIMEOUT_MS);

afterAll(async () => {
  if (container) await runProgram('docker', ['rm', '--force', container]);
  await listener.close();
}, START_TIMEOUT_MS);

const tool = (name: string, args: readonly string[], input = ''): Promise<string> => {
  const bootstrap = ['--bootstrap-server', listener.brokers.join()];
  return runProgram(
    'docker',
    ['exec', '-i', container, `/opt/kafka/bin/${name}.sh`, ...bootstrap, ...args],
    input,
  );
};

/** The words of each line. */
const table = (text: string): string[][] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));

const partitionsOf = (topic: string) =>
  cluster.inspect().topics.find(({ name }) => name === topic)?.partitions;

// In the order of somebody's work: the topic of the first ones is that of the later ones.
describe("Kafka's console tools", () => {
  it(
    'kafka-topics creates, describes, lists and deletes',
    async () => {
      const orders = ['--topic', 'orders'];
      await tool('kafka-topics', [
        '--create',
        ...orders,
        '--partitions',
        '3',
        '--config',
        'retention.ms=60000',
      ]);
      const described = await tool('kafka-topics', ['--describe', ...orders]);
      expect(described).toMatch(/PartitionCount: 3\s+ReplicationFactor: 1\s+Configs: .*retention\.ms=60000/);
      expect(described.match(/Leader: 1\s+Replicas: 1\s+Isr: 1/g)).toHaveLength(3);
      const again = tool('kafka-topics', ['--create', ...orders]);
      await expect(again).rejects.toThrow(/TopicExistsException/);
      cluster.faults.refuse('CreateTopics', 'TOPIC_AUTHORIZATION_FAILED');
      await expect(tool('kafka-topics', ['--create', '--topic', 'refused'])).rejects.toThrow(
        /authorization failed/,
      );
    },
    TIMEOUT_MS,
  );

  it(
    'kafka-console-producer writes what kafka-console-consumer reads in a group',
    async () => {
      const parsed = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:'];
      await tool(
        'kafka-console-producer',
        ['--topic', 'orders', ...parsed],
        'a:paid\nb:shipped\nc:delivered\n',
      );
      const printed = ['--formatter-property', 'print.key=true', '--formatter-property', 'key.separator=:'];
      const group = ['--group', 'readers', '--from-beginning', '--max-messages', '3'];
      const read = await tool('kafka-console-consumer', ['--topic', 'orders', ...printed, ...group]);
      expect(read.trim().split('\n').toSorted()).toEqual(['a:paid', 'b:shipped', 'c:delivered']);
    },
    TIMEOUT_MS,
  );

  it(
    'kafka-consumer-groups shows what was committed, and resets it',
    async () => {
      const group = ['--group', 'readers'];
      const described = table(await tool('kafka-consumer-groups', ['--describe', ...group, '--offsets']));
      const rows = described.filter(([first]) => first === 'readers');
      // Group, topic, partition, committed offset, end of the log, lag.
      expect(rows.map((row) => row.slice(0, 3))).toEqual(
        ['0', '1', '2'].map((each) => ['readers', 'orders', each]),
      );
      expect(rows.map((row) => row[5])).toEqual(['0', '0', '0']);
      await tool('kafka-consumer-groups', [
        ...group,
        '--topic',
        'orders',
        '--reset-offsets',
        '--to-earliest',
        '--execute',
      ]);
      const offsets = cluster.inspect().groups.find(({ groupId }) => groupId === 'readers')?.offsets;
      expect(offsets?.map(({ offset }) => offset)).toEqual([0, 0, 0]);
    },
    TIMEOUT_MS,
  );

  it(
    'kafka-producer-perf-test writes ten thousand messages in transactions, which kafka-topics deletes',
    async () => {
      const load = [
        '--topic',
        'perf',
        '--num-records',
        '10000',
        '--record-size',
        '200',
        '--throughput',
        '-1',
      ];
      const transactions = ['--transactional-id', 'perf', '--transaction-duration-ms', '200'];
      const report = await tool('kafka-producer-perf-test', [...load, ...transactions]);
      expect(report).toMatch(/10000 records sent/);
      const perf = partitionsOf('perf')?.[0];
      // Each transaction ends with a marker, which has an offset of its own.
      expect(perf?.high).toBeGreaterThan(10_000);
      expect(perf?.lastStable).toBe(perf?.high);
      await tool('kafka-topics', ['--delete', '--topic', 'perf']);
      expect(await tool('kafka-topics', ['--list'])).toBe('orders\n');
    },
    TIMEOUT_MS,
  );
});
