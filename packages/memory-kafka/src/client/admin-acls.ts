import type { Admin } from 'kafkajs';
import { createAcl, deleteAcls, describeAcls } from '../broker/acl-requests.ts';
import { checkAclFilter, checkAclFilters, checkAcls } from './acl-checks.ts';
import type { AdminParts } from './admin-parts.ts';
import { asTypedAcls, asTypedDeletedAcls } from './typing-gaps.ts';

type AclCalls = Pick<Admin, 'createAcls' | 'describeAcls' | 'deleteAcls'>;

/** Runs for each, and then throws the first refusal, if there is one: what is not refused is carried out. */
const forEach = <T, R>(items: readonly T[], run: (item: T) => R): R[] => {
  const refusals: unknown[] = [];
  const results = items.flatMap((item) => {
    try {
      return [run(item)];
    } catch (refusal) {
      refusals.push(refusal);
      return [];
    }
  });
  if (refusals.length > 0) throw refusals[0];
  return results;
};

/** The admin calls that are about ACLs. */
export const createAclCalls = ({ view }: AdminParts): AclCalls => ({
  createAcls: async ({ acl: acls }) => {
    checkAcls(acls);
    await view.request('CreateAcls', (core) => forEach(acls, (acl) => createAcl(core, acl)));
    return true;
  },

  describeAcls: async (filter) => {
    checkAclFilter(filter);
    const resources = await view.request('DescribeAcls', (core) => describeAcls(core, filter));
    return asTypedAcls({ resources });
  },

  deleteAcls: async ({ filters }) => {
    checkAclFilters(filters);
    const filterResponses = await view.request('DeleteAcls', (core) =>
      forEach(filters, (filter) => ({
        errorCode: 0,
        errorMessage: null,
        matchingAcls: deleteAcls(core, filter).map((acl) => ({
          errorCode: 0,
          errorMessage: null,
          ...acl,
        })),
      })),
    );
    return asTypedDeletedAcls({ filterResponses });
  },
});
