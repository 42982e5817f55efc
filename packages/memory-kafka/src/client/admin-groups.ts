import kafkajs from 'kafkajs';
import type { Admin, DeleteGroupsResult } from 'kafkajs';
import { errorCodeOf, nonRetriable, protocolError } from '../errors.ts';
import type { AdminParts } from './admin-parts.ts';
import { describeGroups } from './describe-groups.ts';
import { findCoordinator, findingCoordinator } from './find-coordinator.ts';
import type { ClusterView } from './metadata.ts';

type GroupCalls = Pick<Admin, 'listGroups' | 'describeGroups' | 'deleteGroups'>;

const DELETE_REFUSALS = ['NON_EMPTY_GROUP', 'GROUP_ID_NOT_FOUND', 'GROUP_AUTHORIZATION_FAILED'] as const;

const toDeleteResult = (groupId: string, errorCode: number): DeleteGroupsResult => {
  if (errorCode === 0) return { groupId, errorCode };
  const type = DELETE_REFUSALS.find((each) => errorCodeOf(each) === errorCode) ?? 'UNKNOWN';
  return { groupId, errorCode, error: protocolError(type) };
};

const throwRefusals = (results: readonly DeleteGroupsResult[]): void => {
  const groups = results.flatMap(({ groupId, errorCode = 0, error }) =>
    error === undefined ? [] : [{ groupId, errorCode, error }],
  );
  if (groups.length > 0) throw new kafkajs.KafkaJSDeleteGroupsError('Error in DeleteGroups', groups);
};

/** The answer for each group; undefined, and none is deleted, where one is refused whose coordinator has not been found. */
const tryToDelete = (view: ClusterView, groupIds: readonly string[], areFound: boolean) =>
  view.request('DeleteGroups', ({ coordinator }, refused) => {
    if (!areFound && groupIds.some((groupId) => refused.group(groupId) !== undefined)) return undefined;
    return groupIds.map((groupId) => {
      const refusal = refused.group(groupId);
      return toDeleteResult(groupId, refusal ? errorCodeOf(refusal) : coordinator.remove(groupId));
    });
  });

/** kafkajs finds the coordinators of all of them first. Here they are asked for only where one may not be deleted. */
const deleteAll = async (view: ClusterView, groupIds: readonly string[]): Promise<DeleteGroupsResult[]> => {
  const results = await tryToDelete(view, groupIds, false);
  if (results !== undefined) return results;
  for (const groupId of groupIds) await findCoordinator(view, { groupId });
  return (await tryToDelete(view, groupIds, true)) ?? [];
};

/** The admin calls that are about groups. */
export const createGroupCalls = ({ view }: AdminParts): GroupCalls => ({
  listGroups: () =>
    view.request('ListGroups', ({ coordinator }, refused) => ({
      groups: coordinator
        .all()
        .filter(({ id }) => refused.group(id) === undefined)
        .map(({ id, protocolType }) => ({ groupId: id, protocolType })),
    })),
  describeGroups: (groupIds) =>
    findingCoordinator(
      view,
      groupIds.map((groupId) => ({ groupId })),
      () =>
        view.request('DescribeGroups', (core, refused) => ({
          groups: describeGroups(core, groupIds, refused),
        })),
    ),
  deleteGroups: async (groupIds) => {
    if (!Array.isArray(groupIds)) throw nonRetriable(`Invalid groupIds array ${String(groupIds)}`);
    const hasInvalid = groupIds.some((groupId) => typeof groupId !== 'string');
    if (hasInvalid) throw nonRetriable(`Invalid groupId name: ${JSON.stringify(hasInvalid)}`);
    const results = await deleteAll(view, groupIds);
    throwRefusals(results);
    return results;
  },
});
