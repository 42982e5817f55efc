import { unavailable, withTimeout, type AdminPort, type Runtime } from '@order-pipeline/service-kit';

/** The longest that is waited for how many partitions there are, and how long that is remembered, in milliseconds. */
const COUNT_LIMIT_MS = 3_000;
const COUNT_AGE_MS = 60_000;

/** How many partitions topics have; asked only when one of them fails, and closed with the publisher. */
export const createPartitionCounts = (
  open: () => AdminPort,
  runtime: Pick<Runtime, 'monotonic' | 'after'>,
) => {
  const counts = new Map<string, { readonly count: number; readonly at: number }>();
  let admin: AdminPort | undefined;
  let closed = false;
  const ask = async (topic: string): Promise<number> => {
    if (closed) throw unavailable('the publisher is closed');
    admin ??= open();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const count = topics[0]?.partitions.length ?? 0;
    counts.set(topic, { count, at: runtime.monotonic() });
    return count;
  };
  return {
    count: async (topic: string): Promise<number> => {
      const known = counts.get(topic);
      if (!closed && known && runtime.monotonic() - known.at < COUNT_AGE_MS) return known.count;
      return withTimeout(runtime, COUNT_LIMIT_MS, ask(topic), () => unavailable('Kafka does not answer'));
    },
    disconnect: async () => {
      closed = true;
      await admin?.disconnect();
    },
  };
};
