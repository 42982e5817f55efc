import type { Cluster } from 'kafkajs';
import { LATEST_OFFSET, EARLIEST_OFFSET, NODE_ID } from '../broker/core.ts';
import { notImplemented } from '../errors.ts';
import type { ClusterView } from './metadata.ts';

const refuse = (call: string) => (): never => {
  throw notImplemented(`cluster.${call}()`);
};

/** The cluster that a custom partition assigner is given: topics, metadata and connection, but no brokers to talk to. */
export const createAssignerCluster = (view: ClusterView): Cluster => ({
  getNodeIds: () => [NODE_ID],
  metadata: () =>
    view.request('Metadata', (core) => ({
      brokers: [{ nodeId: NODE_ID, ...core.address() }],
      topicMetadata: core.topics.names().map((topic) => ({
        topicErrorCode: 0,
        topic,
        partitionMetadata: view.partitionsOf(topic),
      })),
    })),
  removeBroker: () => view.expire(),
  addMultipleTargetTopics: view.target,
  addTargetTopic: (topic) => view.target([topic]),
  isConnected: view.connection.isConnected,
  connect: view.connection.connect,
  disconnect: async () => view.disconnect(),
  refreshMetadata: view.refresh,
  refreshMetadataIfNecessary: view.refreshIfNecessary,
  findTopicPartitionMetadata: view.partitionsOf,
  findLeaderForPartitions: (topic, partitions) => {
    const known = new Set(view.partitionsOf(topic).map(({ partitionId }) => partitionId));
    return { [String(NODE_ID)]: partitions.filter((partition) => known.has(partition)) };
  },
  findGroupCoordinatorMetadata: () =>
    view.request('Metadata', (core) => ({
      errorCode: 0,
      coordinator: { nodeId: NODE_ID, ...core.address() },
    })),
  defaultOffset: ({ fromBeginning }) => (fromBeginning ? EARLIEST_OFFSET : LATEST_OFFSET),
  fetchTopicsOffset: refuse('fetchTopicsOffset'),
  findBroker: refuse('findBroker'),
  findControllerBroker: refuse('findControllerBroker'),
  findGroupCoordinator: refuse('findGroupCoordinator'),
});
