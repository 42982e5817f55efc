import { deadLetterTopic, TOPIC_NAMES } from '@order-pipeline/contracts';
import type { MemoryCluster } from '@order-pipeline/memory-kafka';
import type { RealServer } from '../world/database/real-database.ts';

interface Open {
  readonly orders: number;
  readonly outbox: number;
  readonly returns: number;
}

/** What every group hears. */
const HEARD: Readonly<Record<string, readonly string[]>> = {
  workflow: ['ORDER_PLACED'],
  shipping: ['ORDER_PROCESSING'],
  delivery: ['ORDER_SHIPPED'],
  inventory: ['ORDER_SHIPPED'],
  'dead-letters': TOPIC_NAMES.map(deadLetterTopic),
};

const lagOf = (cluster: MemoryCluster): Record<string, number> => {
  const { topics, groups } = cluster.inspect();
  const lags: Record<string, number> = {};
  for (const [groupId, heard] of Object.entries(HEARD)) {
    const offsets = groups.find((group) => group.groupId === groupId)?.offsets ?? [];
    for (const { name, partitions } of topics) {
      if (!heard.includes(name)) continue;
      for (const { partition, low, high } of partitions) {
        const committed = offsets.find((one) => one.topic === name && one.partition === partition)?.offset;
        // Where a group begins anew, it commits a number below zero.
        const lag = high - Math.max(committed ?? low, low);
        if (lag > 0) lags[`${groupId} of ${name}/${partition}`] = lag;
      }
    }
  }
  return lags;
};

/**
 * What is still to be done, in words; nothing when all is at rest.
 *
 * @param isComplete whether Kafka has lost nothing: kafkajs does not notice that a log was cut off and has grown again, and
 *   then leaves messages unread, which the republication of stuck orders makes up for
 */
export const unrest = async (
  { databases }: RealServer,
  cluster: MemoryCluster,
  isComplete: boolean,
): Promise<string[]> => {
  const [open] = await databases.orders.read<Open & Record<string, number>>(`
    SELECT (SELECT count(*) FROM orders WHERE status IN ('PENDING', 'PROCESSING', 'SHIPPED'))::int AS orders,
           (SELECT count(*) FROM outbox)::int AS outbox,
           (SELECT count(*) FROM orders WHERE status = 'CANCELLED' AND stock_returned_at IS NULL)::int AS returns`);
  const [held] = await databases.inventory.read<{ count: number }>(
    `SELECT count(*)::int AS count FROM reservations WHERE state = 'HELD'`,
  );
  const lags = Object.entries(isComplete ? lagOf(cluster) : {}).map(
    ([where, lag]) => `${lag} messages lag for ${where}`,
  );
  return [
    ...(open?.orders ? [`${open.orders} orders are on their way`] : []),
    ...(open?.outbox ? [`${open.outbox} events are in the outbox`] : []),
    ...(open?.returns ? [`the stock of ${open.returns} cancelled orders is not known to be back`] : []),
    ...(held?.count ? [`${held.count} reservations are held`] : []),
    ...lags,
  ];
};
