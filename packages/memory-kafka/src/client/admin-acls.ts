import type { AclFilter, Admin } from 'kafkajs';
import type { Core } from '../broker/core.ts';
import { createAcl, deleteAcls, describeAcls } from '../broker/acl-requests.ts';
import { checkAclFilter, checkAclFilters, checkAcls } from './acl-checks.ts';
import { atController, type AdminParts } from './admin-parts.ts';
import { carryOutEach } from './carry-out-each.ts';
import { asTypedAcls, asTypedDeletedAcls } from './typing-gaps.ts';

type AclCalls = Pick<Admin, 'createAcls' | 'describeAcls' | 'deleteAcls'>;

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
      parts.view.request('CreateAcls', (core) => carryOutEach(acls, (acl) => createAcl(core, acl))),
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
      parts.view.request('DeleteAcls', (core) => carryOutEach(filters, (filter) => deletedBy(core, filter))),
    );
    return asTypedDeletedAcls({ filterResponses });
  },
});
