import type { AclFilter, Admin } from 'kafkajs';
import type { Core } from '../broker/core.ts';
import { createAcl, deleteAcls, describeAcls } from '../broker/acl-requests.ts';
import { checkAclFilter, checkAclFilters, checkAcls } from './acl-checks.ts';
import { atController, type AdminParts } from './admin-parts.ts';
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

const SUCCEEDED = { errorCode: 0, errorMessage: null };

const deletedBy = (core: Core, filter: AclFilter) => ({
  ...SUCCEEDED,
  matchingAcls: deleteAcls(core, filter).map((acl) => ({ ...SUCCEEDED, ...acl })),
});

/** The admin calls that are about ACLs. */
export const createAclCalls = (parts: AdminParts): AclCalls => ({
  createAcls: async ({ acl: acls }) => {
    checkAcls(acls);
    await atController(parts, 'Could not create ACL', () =>
      parts.view.request('CreateAcls', (core) => forEach(acls, (acl) => createAcl(core, acl))),
    );
    return true;
  },

  describeAcls: async (filter) => {
    checkAclFilter(filter);
    const resources = await atController(parts, 'Could not describe ACL', () =>
      parts.view.request('DescribeAcls', (core) => describeAcls(core, filter)),
    );
    return asTypedAcls({ resources });
  },

  deleteAcls: async ({ filters }) => {
    checkAclFilters(filters);
    const filterResponses = await atController(parts, 'Could not delete ACL', () =>
      parts.view.request('DeleteAcls', (core) => forEach(filters, (filter) => deletedBy(core, filter))),
    );
    return asTypedDeletedAcls({ filterResponses });
  },
});
