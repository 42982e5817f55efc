import type { Admin, AdminEvents, Logger, RetryOptions } from 'kafkajs';
import { createEmitter, networkEvents } from '../emitter.ts';
import { withRetries } from '../retry.ts';
import { createAclCalls } from './admin-acls.ts';
import { createConfigCalls } from './admin-configs.ts';
import { createGroupCalls } from './admin-groups.ts';
import { createOffsetCalls } from './admin-offsets.ts';
import type { AdminParts } from './admin-parts.ts';
import { createReassignmentCalls } from './admin-reassignments.ts';
import { createTopicCalls } from './admin-topics.ts';
import { createLoadedTopics } from './loaded-topics.ts';
import type { ClusterView } from './metadata.ts';

export interface AdminOptions {
  readonly retry: RetryOptions;
  readonly view: ClusterView;
  readonly logger: Logger;
}

const EVENTS: AdminEvents = {
  CONNECT: 'admin.connect',
  DISCONNECT: 'admin.disconnect',
  REQUEST: 'admin.network.request',
  REQUEST_TIMEOUT: 'admin.network.request_timeout',
  REQUEST_QUEUE_SIZE: 'admin.network.request_queue_size',
};

/** Builds the admin client that kafkajs's `kafka.admin()` would. */
export const createAdmin = ({ retry, view: unnoted, logger: rootLogger }: AdminOptions): Admin => {
  const { view, partitionCount } = createLoadedTopics(unnoted);
  const logger = rootLogger.namespace('Admin');
  const emitter = createEmitter(EVENTS, 'admin.events', view.connection.clock, logger);
  view.connection.onRequest(networkEvents(emitter, EVENTS));
  const parts: AdminParts = {
    view,
    logger,
    partitionCount,
    retrying: async (task) => withRetries(await view.connection.core(), retry, task),
  };

  return {
    ...createTopicCalls(parts),
    ...createOffsetCalls(parts),
    ...createGroupCalls(parts),
    ...createConfigCalls(parts),
    ...createAclCalls(parts),
    ...createReassignmentCalls(parts),
    connect: async () => {
      await view.connection.connect();
      emitter.emit(EVENTS.CONNECT);
    },
    disconnect: async () => {
      view.disconnect();
      emitter.emit(EVENTS.DISCONNECT);
    },
    describeCluster: () =>
      view.request('Metadata', (core) => ({
        brokers: core.brokers.up().map((nodeId) => ({ nodeId, ...core.address(nodeId) })),
        controller: core.brokers.any(),
        clusterId: 'memory-kafka',
      })),
    on: emitter.on,
    events: EVENTS,
    logger: () => logger,
  };
};
