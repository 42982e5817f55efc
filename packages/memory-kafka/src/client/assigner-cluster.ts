import type { Cluster } from 'kafkajs';
import { LATEST_OFFSET, EARLIEST_OFFSET } from '../broker/core.ts';
import { notImplemented } from '../errors.ts';
import type { ClusterView } from './metadata.ts';
import { asTypedNodeIds } from './typing-gaps.ts';

const refuse = (call: string) => (): never => {
  throw notImplemented(`cluster.${call}()`);
};

/** The cluster that a custom partition assigner is given: topics, metadata and connection, but no brokers to talk to. */
export const createAssignerCluster = (view: ClusterView): Cluster => ({
  getNodeIds: () => asTypedNodeIds(view.nodeIds().map(String)),
  metadata: () =>
    view.request('Metadata', (core) => ({
      brokers: core.brokers.up().map((nodeId) => ({ nodeId, ...core.address(nodeId) })),
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
    const byLeader: Record<string, number[]> = {};
    for (const partition of partitions) {
      const leader = view.partitionsOf(topic)[partition]?.leader;
      if (leader !== undefined) (byLeader[String(leader)] ??= []).push(partition);
    }
    return byLeader;
  },
  findGroupCoordinatorMetadata: ({ groupId }) =>
    view.request('Metadata', (core) => {
      const nodeId = core.brokers.coordinatorOf(groupId);
      return { errorCode: 0, coordinator: { nodeId, ...core.address(nodeId) } };
    }),
  defaultOffset: ({ fromBeginning }) => (fromBeginning ? EARLIEST_OFFSET : LATEST_OFFSET),
  fetchTopicsOffset: refuse('fetchTopicsOffset'),
  findBroker: refuse('findBroker'),
  findControllerBroker: refuse('findControllerBroker'),
  findGroupCoordinator: refuse('findGroupCoordinator'),
});
