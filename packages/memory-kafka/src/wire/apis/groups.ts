import { describeGroups as describeAll } from '../../client/describe-groups.ts';
import { defineApi } from '../api.ts';
import { NOT_ASKED_FOR } from '../authorized-operations.ts';
import { codeOfType } from '../codes.ts';
import {
  deleteGroupsRequest,
  deleteGroupsResponse,
  describeGroupsRequest,
  describeGroupsResponse,
  findCoordinatorRequest,
  findCoordinatorResponse,
  listGroupsRequest,
  listGroupsResponse,
} from '../messages/groups.ts';

/** Kafka's number for a key that is a transactional id. */
const TRANSACTION = 1;

const nobody = { nodeId: -1, host: '', port: -1 };

export const findCoordinator = defineApi({
  api: { key: 10, name: 'FindCoordinator', versions: [0, 5], flexibleFrom: 3 },
  request: findCoordinatorRequest,
  response: findCoordinatorResponse,
  handle: ({ core, address, refused }, { key, keyType, keys }) => {
    const find = (each: string) => {
      const refusal = keyType === TRANSACTION ? refused.transactionalId(each) : refused.group(each);
      if (refusal !== undefined) return { errorCode: codeOfType(refusal), errorMessage: null, ...nobody };
      const nodeId = core.brokers.coordinatorOf(each);
      return { errorCode: 0, errorMessage: null, nodeId, ...address(nodeId) };
    };
    return {
      throttleTimeMs: 0,
      ...(keys.length > 0 ? { errorCode: 0, errorMessage: null, ...nobody } : find(key)),
      coordinators: keys.map((each) => ({ key: each, ...find(each) })),
    };
  },
  refuse: ({ keys }, code) => {
    const refused = { errorCode: code, errorMessage: null, ...nobody };
    return { throttleTimeMs: 0, ...refused, coordinators: keys.map((key) => ({ key, ...refused })) };
  },
});

const unknown = (groupId: string, errorCode: number) => ({
  errorCode,
  groupId,
  state: '',
  protocolType: '',
  protocol: '',
  members: [],
  authorizedOperations: NOT_ASKED_FOR,
});

export const describeGroups = defineApi({
  api: { key: 15, name: 'DescribeGroups', versions: [0, 5], flexibleFrom: 5 },
  request: describeGroupsRequest,
  response: describeGroupsResponse,
  handle: ({ core, refused }, { groups }) => ({
    throttleTimeMs: 0,
    groups: describeAll(core, groups).map((group) => {
      const refusal = refused.group(group.groupId);
      if (refusal !== undefined) return unknown(group.groupId, codeOfType(refusal));
      return {
        ...group,
        members: group.members.map(({ memberMetadata, memberAssignment, ...member }) => ({
          ...member,
          groupInstanceId: null,
          metadata: memberMetadata,
          assignment: memberAssignment,
        })),
        authorizedOperations: NOT_ASKED_FOR,
      };
    }),
  }),
  refuse: ({ groups }, code) => ({
    throttleTimeMs: 0,
    groups: groups.map((groupId) => unknown(groupId, code)),
  }),
});

/** Of the two kinds that Kafka 4 has, the one that this cluster has. */
const TYPE = 'classic';

export const listGroups = defineApi({
  api: { key: 16, name: 'ListGroups', versions: [0, 5], flexibleFrom: 3 },
  request: listGroupsRequest,
  response: listGroupsResponse,
  handle: ({ core, refused }, { states, types }) => {
    const isAsked = (asked: readonly string[], value: string): boolean =>
      asked.length === 0 || asked.some((each) => each.toLowerCase() === value.toLowerCase());
    const groups = core.coordinator
      .all()
      .filter(({ id }) => refused.group(id) === undefined)
      .map(({ id, protocolType, state }) => ({ groupId: id, protocolType, state, type: TYPE }))
      .filter(({ state, type }) => isAsked(states, state) && isAsked(types, type));
    return { throttleTimeMs: 0, errorCode: 0, groups };
  },
  refuse: (_request, code) => ({ throttleTimeMs: 0, errorCode: code, groups: [] }),
});

export const deleteGroups = defineApi({
  api: { key: 42, name: 'DeleteGroups', versions: [0, 2], flexibleFrom: 2 },
  request: deleteGroupsRequest,
  response: deleteGroupsResponse,
  handle: ({ core, refused }, { groups }) => ({
    throttleTimeMs: 0,
    results: groups.map((groupId) => {
      const refusal = refused.group(groupId);
      return { groupId, errorCode: refusal ? codeOfType(refusal) : core.coordinator.remove(groupId) };
    }),
  }),
  refuse: ({ groups }, code) => ({
    throttleTimeMs: 0,
    results: groups.map((groupId) => ({ groupId, errorCode: code })),
  }),
});
