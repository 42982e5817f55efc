import { ORDER_LIFECYCLE, TOPIC_NAMES, type OrderStatus } from '@order-pipeline/contracts';
import type { MemoryCluster } from '@order-pipeline/memory-kafka';
import { readTopics } from '@order-pipeline/testing';
import type { Findings } from '../findings.ts';
import type { RealServer } from '../world/database/real-database.ts';
import { createDirectBroker } from '../world/kafka.ts';
import type { Time } from '../world/time.ts';

interface StepRow {
  readonly order_id: string;
  readonly status: OrderStatus;
  readonly event_partition: number | null;
  readonly event_offset: string | null;
  readonly published_partition: number | null;
  readonly published_offset: string | null;
}

const STEPS = `SELECT order_id, status::text AS status, event_partition, event_offset::text AS event_offset,
  published_partition, published_offset::text AS published_offset FROM order_history
  WHERE event_offset IS NOT NULL OR published_offset IS NOT NULL`;

const POLL_MS = 50;

/** What stands at each position of the topics of events, as `<topic>/<partition>/<offset>`. */
const readPositions = async (cluster: MemoryCluster, time: Time): Promise<ReadonlyMap<string, string>> => {
  const broker = createDirectBroker(cluster);
  const admin = broker.connect('positions').admin();
  await admin.connect();
  let expected = 0;
  for (const topic of TOPIC_NAMES)
    for (const { high, low } of await admin.fetchTopicOffsets(topic)) expected += Number(high) - Number(low);
  await admin.disconnect();
  const reader = await readTopics(broker, TOPIC_NAMES);
  while (reader.messages.length < expected) await time.sleep(POLL_MS);
  await reader.stop();
  return new Map(
    reader.messages.map(({ topic, partition, offset, headers }) => [
      `${topic}/${partition}/${offset}`,
      headers['ce_id'] ?? '',
    ]),
  );
};

/** The events whose positions a row of the history has, each with where it is said to stand. */
const positionsOf = (row: StepRow): (readonly [event: string, position: string])[] => {
  const { from, topic } = ORDER_LIFECYCLE[row.status];
  const caused =
    row.event_offset === null || from === null
      ? []
      : [
          [
            `${row.order_id}:${from}`,
            `${ORDER_LIFECYCLE[from].topic}/${row.event_partition}/${row.event_offset}`,
          ] as const,
        ];
  const published =
    row.published_offset === null
      ? []
      : [
          [
            `${row.order_id}:${row.status}`,
            `${topic}/${row.published_partition}/${row.published_offset}`,
          ] as const,
        ];
  return [...caused, ...published];
};

/** What the history says of where an event stands is true: exactly that event stands there. */
export const checkPositions = async (
  { databases }: RealServer,
  cluster: MemoryCluster,
  time: Time,
  findings: Findings,
): Promise<void> => {
  const rows = await databases.orders.read<StepRow & Record<string, string | number | null>>(STEPS);
  const there = await readPositions(cluster, time);
  for (const [event, position] of rows.flatMap(positionsOf)) {
    const found = there.get(position) ?? 'nothing';
    if (found !== event)
      findings.add(
        'where the history says that an event stands, it stands',
        [event],
        `${position} has ${found}`,
      );
  }
};
