import { tableOf } from '../../kit/table.ts';
import type { TopicsReport } from './inspect.ts';

const FOR_EVER = -1;

/** The topics as a table, with what was done and what they lack. */
export const topicsText = ({ brokers, topics, raised, problems }: TopicsReport): string => {
  const rows = topics.map(({ topic, partitions, replicationFactor, minInSyncReplicas, retentionMs }) => [
    topic,
    partitions,
    replicationFactor,
    minInSyncReplicas,
    retentionMs === FOR_EVER ? 'for ever' : `${retentionMs} ms`,
  ]);
  const head = ['topic', 'partitions', 'replicas', 'min in sync', 'kept'];
  return [
    tableOf(rows, head),
    `Brokers: ${brokers}`,
    ...(raised.length > 0 ? [`Partitions were added to ${raised.join(', ')}`] : []),
    ...problems.map(({ problem, topics: of }) => `Problem: ${problem} (${of.join(', ')})`),
  ].join('\n');
};
