import type { GroupDescription } from 'kafkajs';
import type { Core } from '../broker/core.ts';
import { metadataOf } from '../broker/group-protocols.ts';
import { NOTHING_REFUSED, throwRefusal, type Refusals } from '../broker/refusals.ts';
import type { Group } from '../broker/group-types.ts';

/** As Kafka describes it: a group's state with the members as they joined. */
export type DescribedGroup = GroupDescription & { readonly errorCode: number };

const CLIENT_HOST = '/127.0.0.1';

const dead = (groupId: string): DescribedGroup => ({
  errorCode: 0,
  groupId,
  state: 'Dead',
  protocolType: '',
  protocol: '',
  members: [],
});

const describe = (group: Group): DescribedGroup => ({
  errorCode: 0,
  groupId: group.id,
  state: group.state,
  protocolType: group.protocolType,
  protocol: group.state === 'Stable' ? group.protocol : '',
  members: [...group.members.values()].map((member) => ({
    memberId: member.id,
    clientId: member.clientId,
    clientHost: CLIENT_HOST,
    // Kafka shows it in the protocol of the group, which it has only while it is stable.
    memberMetadata: Buffer.from(group.state === 'Stable' ? metadataOf(member, group.protocol) : ''),
    memberAssignment: Buffer.from(member.assignment),
  })),
});

/** Groups by id; one that nobody knows is Dead. Throws GROUP_AUTHORIZATION_FAILED for one that is refused. */
export const describeGroups = (
  core: Core,
  groupIds: readonly string[],
  refused: Refusals = NOTHING_REFUSED,
): DescribedGroup[] =>
  groupIds.map((groupId) => {
    throwRefusal(refused.group(groupId));
    const group = core.coordinator.find(groupId);
    return group === undefined ? dead(groupId) : describe(group);
  });
