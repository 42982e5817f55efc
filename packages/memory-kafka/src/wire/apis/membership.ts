import { defineApi } from '../api.ts';
import { attempt } from '../codes.ts';
import {
  heartbeatRequest,
  heartbeatResponse,
  joinGroupRequest,
  joinGroupResponse,
  leaveGroupRequest,
  leaveGroupResponse,
  syncGroupRequest,
  syncGroupResponse,
} from '../messages/groups.ts';

/** In the first version there is one time for both. */
const orElse = (ms: number, fallback: number): number => (ms < 0 ? fallback : ms);

// A member learns of a rebalance by its heartbeat.
const nothing = (): void => undefined;

export const joinGroup = defineApi({
  api: { key: 11, name: 'JoinGroup', versions: [0, 9], flexibleFrom: 6 },
  request: joinGroupRequest,
  response: joinGroupResponse,
  handle: async ({ core, clientId }, request) => {
    const { sessionTimeoutMs, protocolType } = request;
    const answer = await core.coordinator.join({
      groupId: request.groupId,
      memberId: request.memberId,
      clientId,
      sessionTimeoutMs,
      rebalanceTimeoutMs: orElse(request.rebalanceTimeoutMs, sessionTimeoutMs),
      // What was read is a view of what came over the wire, and this is kept.
      protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
      onRebalance: nothing,
    });
    return {
      throttleTimeMs: 0,
      errorCode: 0,
      generationId: answer.generationId,
      protocolType,
      protocolName: answer.groupProtocol,
      leader: answer.leaderId,
      skipAssignment: false,
      memberId: answer.memberId,
      members: answer.members.map(({ memberId, memberMetadata }) => ({
        memberId,
        groupInstanceId: null,
        metadata: memberMetadata,
      })),
    };
  },
  refuse: ({ memberId }, code, version) => ({
    throttleTimeMs: 0,
    errorCode: code,
    generationId: -1,
    protocolType: null,
    protocolName: version < 7 ? '' : null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  }),
});

export const syncGroup = defineApi({
  api: { key: 14, name: 'SyncGroup', versions: [0, 5], flexibleFrom: 4 },
  request: syncGroupRequest,
  response: syncGroupResponse,
  handle: async ({ core }, { groupId, memberId, generationId, assignments, protocolType, protocolName }) => {
    const assignment = await core.coordinator.sync({
      groupId,
      memberId,
      generationId,
      assignments: assignments.map((each) => ({
        memberId: each.memberId,
        memberAssignment: Buffer.from(each.assignment),
      })),
    });
    return { throttleTimeMs: 0, errorCode: 0, protocolType, protocolName, assignment };
  },
  refuse: (_request, code) => ({
    throttleTimeMs: 0,
    errorCode: code,
    protocolType: null,
    protocolName: null,
    assignment: Buffer.alloc(0),
  }),
});

export const heartbeat = defineApi({
  api: { key: 12, name: 'Heartbeat', versions: [0, 4], flexibleFrom: 4 },
  request: heartbeatRequest,
  response: heartbeatResponse,
  handle: ({ core }, membership) => {
    core.coordinator.heartbeat(membership);
    return { throttleTimeMs: 0, errorCode: 0 };
  },
  refuse: (_request, code) => ({ throttleTimeMs: 0, errorCode: code }),
});

export const leaveGroup = defineApi({
  api: { key: 13, name: 'LeaveGroup', versions: [0, 5], flexibleFrom: 4 },
  request: leaveGroupRequest,
  response: leaveGroupResponse,
  handle: ({ core }, { groupId, memberId, members }, version) => {
    if (version < 3) core.coordinator.leave(groupId, memberId);
    const left = members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      errorCode: attempt(() => core.coordinator.leave(groupId, member.memberId)),
    }));
    return { throttleTimeMs: 0, errorCode: 0, members: left };
  },
  refuse: (_request, code) => ({ throttleTimeMs: 0, errorCode: code, members: [] }),
});
