import { env } from 'node:process';
import { expect, jest, test } from '@jest/globals';
import type * as kafkajs from 'kafkajs';
import type { LogEntry } from 'kafkajs';

// Each of these loads the modules anew, as another process would.

const loaded = {
  kafkajs: async (): Promise<Pick<typeof kafkajs, 'Kafka' | 'Partitioners'>> => import('kafkajs'),
  'memory-kafka': async () => import('../src/index.ts'),
};

/** The warnings of three producers without a partitioner and one with it. */
const warnings = async (side: keyof typeof loaded): Promise<LogEntry[]> => {
  jest.resetModules();
  const { Kafka, Partitioners } = await loaded[side]();
  const entries: LogEntry[] = [];
  const logCreator = () => (entry: LogEntry) => void entries.push(entry);
  const create = () => new Kafka({ brokers: ['nobody:1'], logCreator });
  create().producer({ createPartitioner: Partitioners.LegacyPartitioner });
  expect(entries).toEqual([]);
  create().producer();
  create().producer({ allowAutoTopicCreation: false });
  create().producer();
  return entries;
};

test('the first producer without a partitioner is warned of the default one, once in a process', async () => {
  const [theirs, ours] = [await warnings('kafkajs'), await warnings('memory-kafka')];
  expect(ours).toHaveLength(1);
  const said = (entries: readonly LogEntry[]) =>
    entries.map(({ namespace, label, level, log }) => [namespace, label, level, log.message]);
  expect(said(ours)).toEqual(said(theirs));
});

test('KAFKAJS_NO_PARTITIONER_WARNING silences it', async () => {
  env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1';
  try {
    expect(await warnings('memory-kafka')).toEqual([]);
  } finally {
    delete env['KAFKAJS_NO_PARTITIONER_WARNING'];
  }
});
