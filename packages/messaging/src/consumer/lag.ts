import {
  logFailure,
  startPeriodic,
  unavailable,
  withTimeout,
  type AdminPort,
  type Broker,
  type Metrics,
  type Runtime,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import { partitionKey, type ConsumerProgress } from './progress.ts';

const INTERVAL_MS = 10_000;
/** The longest that the ends of partitions are waited for, in milliseconds. */
const ENDS_LIMIT_MS = 3_000;
/** The longest that closing is waited for, in milliseconds. */
const CLOSE_LIMIT_MS = 3_000;

export interface LagMonitorOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly broker: Broker;
  readonly progress: ConsumerProgress;
  readonly metrics: Metrics;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Called with each measurement. */
  readonly onMeasured: (ends: Ends) => Promise<void>;
}

export type Ends = Record<string, { high: bigint; from: bigint }>;

/** The end of each partition, and where the group stands in it. */
export const fetchEnds = async (
  admin: AdminPort,
  group: string,
  topics: readonly string[],
): Promise<Ends> => {
  const committed = await admin.fetchOffsets({ groupId: group, topics: [...topics] });
  const groupOffset = new Map(
    committed.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [partitionKey(topic, partition), BigInt(offset)] as const),
    ),
  );
  const ends: Ends = {};
  for (const topic of topics) {
    for (const { partition, high, low } of await admin.fetchTopicOffsets(topic)) {
      const offset = groupOffset.get(partitionKey(topic, partition)) ?? -1n;
      ends[partitionKey(topic, partition)] = {
        high: BigInt(high),
        from: offset < 0n ? BigInt(low) : offset,
      };
    }
  }
  return ends;
};

/** Measures every ten seconds how far a consumer is behind the end of its topics. */
export const startLagMonitor = (options: LagMonitorOptions) => {
  const { group, topics, progress, runtime, logger } = options;
  const admin = options.broker.connect(`${group}-lag`).admin();
  const gauge = options.metrics.gauge('kafka_consumer_lag');
  const set = (key: string, messages: number): void => {
    const [topic = '', partition = ''] = key.split('/');
    gauge.set({ group, topic, partition }, messages);
  };
  let measured: ReturnType<typeof partitionKey>[] = [];

  const measure = async (): Promise<void> => {
    const ends = await fetchEnds(admin, group, topics);
    const lags = progress.measure(ends);
    // A partition that has gone to another instance is no longer this one's to work.
    for (const key of measured) if (!lags.has(key)) set(key, 0);
    for (const [key, messages] of lags) set(key, Number(messages));
    measured = [...lags.keys()];
    await options.onMeasured(ends);
  };
  const periodic = startPeriodic({
    name: `lag of ${group}`,
    intervalMs: INTERVAL_MS,
    runtime,
    logger,
    work: measure,
  });
  return {
    fetchEnds: (): Promise<Ends> =>
      withTimeout(runtime, ENDS_LIMIT_MS, fetchEnds(admin, group, topics), () =>
        unavailable('Kafka does not answer'),
      ),
    stop: async (): Promise<void> => {
      const closing = periodic.stop().then(() => admin.disconnect());
      const tooLong = () => unavailable(`not closed within ${CLOSE_LIMIT_MS} ms`);
      await withTimeout(runtime, CLOSE_LIMIT_MS, closing, tooLong).catch((error: unknown) =>
        logFailure(logger, error, {}, 'lag monitor did not close in time'),
      );
    },
  };
};
