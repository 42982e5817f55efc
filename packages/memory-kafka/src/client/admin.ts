import kafkajs from 'kafkajs';
import type { Admin, AdminEvents, DeleteGroupsResult, Logger, RetryOptions } from 'kafkajs';
import { createEmitter, networkEvents } from '../emitter.ts';
import { errorCodeOf, nonRetriable, notImplemented, protocolError } from '../errors.ts';
import { withRetries } from '../retry.ts';
import { createConfigCalls } from './admin-configs.ts';
import { createOffsetCalls } from './admin-offsets.ts';
import type { AdminParts } from './admin-parts.ts';
import { createTopicCalls } from './admin-topics.ts';
import { describeGroups } from './describe-groups.ts';
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

const refuse = (call: string) => async (): Promise<never> => {
  throw notImplemented(`admin.${call}()`);
};

const toDeleteResult = (groupId: string, errorCode: number): DeleteGroupsResult => {
  if (errorCode === 0) return { groupId, errorCode };
  const type = errorCode === errorCodeOf('NON_EMPTY_GROUP') ? 'NON_EMPTY_GROUP' : 'GROUP_ID_NOT_FOUND';
  return { groupId, errorCode, error: protocolError(type) };
};

const throwRefusals = (results: readonly DeleteGroupsResult[]): void => {
  const groups = results.flatMap(({ groupId, errorCode = 0, error }) =>
    error === undefined ? [] : [{ groupId, errorCode, error }],
  );
  if (groups.length > 0) throw new kafkajs.KafkaJSDeleteGroupsError('Error in DeleteGroups', groups);
};

const createGroupCalls = ({
  view,
}: AdminParts): Pick<Admin, 'listGroups' | 'describeGroups' | 'deleteGroups'> => ({
  listGroups: () =>
    view.request('ListGroups', (core) => ({
      groups: core.coordinator.all().map(({ id, protocolType }) => ({ groupId: id, protocolType })),
    })),
  describeGroups: (groupIds) =>
    view.request('DescribeGroups', (core) => ({ groups: describeGroups(core, groupIds) })),
  deleteGroups: async (groupIds) => {
    if (!Array.isArray(groupIds)) throw nonRetriable(`Invalid groupIds array ${String(groupIds)}`);
    const hasInvalid = groupIds.some((groupId) => typeof groupId !== 'string');
    if (hasInvalid) throw nonRetriable(`Invalid groupId name: ${JSON.stringify(hasInvalid)}`);
    const results = await view.request('DeleteGroups', (core) =>
      groupIds.map((groupId) => toDeleteResult(groupId, core.coordinator.remove(groupId))),
    );
    throwRefusals(results);
    return results;
  },
});

/** Builds the admin client that kafkajs's `kafka.admin()` would. */
export const createAdmin = ({ retry, view, logger: rootLogger }: AdminOptions): Admin => {
  const logger = rootLogger.namespace('Admin');
  const emitter = createEmitter(EVENTS, 'admin.events', view.connection.clock, logger);
  view.connection.onRequest(networkEvents(emitter, EVENTS.REQUEST));
  const parts: AdminParts = {
    view,
    logger,
    retrying: async (task) => withRetries(await view.connection.core(), retry, task),
  };

  return {
    ...createTopicCalls(parts),
    ...createOffsetCalls(parts),
    ...createGroupCalls(parts),
    ...createConfigCalls(parts),
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
    describeAcls: refuse('describeAcls'),
    createAcls: refuse('createAcls'),
    deleteAcls: refuse('deleteAcls'),
    alterPartitionReassignments: refuse('alterPartitionReassignments'),
    listPartitionReassignments: refuse('listPartitionReassignments'),
    on: emitter.on,
    events: EVENTS,
    logger: () => logger,
  };
};
