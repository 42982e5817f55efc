import {
  startPeriodic,
  type AdminPort,
  type Metrics,
  type Periodic,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { partitionKey, type ConsumerProgress } from './consumer-progress.ts';

const INTERVAL_MS = 10_000;

/** Measures every ten seconds how far a consumer is behind the end of its topics. */
export const startLagMonitor = (options: {
  readonly group: string;
  readonly topics: readonly string[];
  readonly admin: AdminPort;
  readonly progress: ConsumerProgress;
  readonly metrics: Metrics;
  readonly runtime: Runtime;
  readonly logger: Logger;
}): Periodic => {
  const { admin, group } = options;
  const lag = options.metrics.gauge('kafka_consumer_lag', 'Messages that this instance has still to work', [
    'group',
    'topic',
    'partition',
  ]);
  const measure = async (): Promise<void> => {
    const committed = await admin.fetchOffsets({ groupId: group, topics: [...options.topics] });
    const groupOffset = new Map(
      committed.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => [partitionKey(topic, partition), BigInt(offset)] as const),
      ),
    );
    const ends: Record<string, { high: bigint; from: bigint }> = {};
    for (const topic of options.topics) {
      for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
        const offset = groupOffset.get(partitionKey(topic, partition)) ?? -1n;
        ends[partitionKey(topic, partition)] = {
          high: BigInt(high),
          from: offset < 0n ? BigInt(low) : offset,
        };
      }
    }
    for (const [key, messages] of options.progress.measure(ends)) {
      const [topic = '', partition = ''] = key.split('/');
      lag.set({ group, topic, partition }, Number(messages));
    }
  };
  return startPeriodic({
    name: `lag of ${group}`,
    intervalMs: INTERVAL_MS,
    runtime: options.runtime,
    logger: options.logger,
    work: measure,
  });
};
