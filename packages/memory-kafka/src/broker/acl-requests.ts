import kafkajs from 'kafkajs';
import type { AclEntry, AclFilter, DescribeAclResource } from 'kafkajs';
import { connectionClosed, protocolError } from '../errors.ts';
import { CLUSTER_NAME, type Authorizer } from './acls.ts';
import type { Core } from './core.ts';

const { AclOperationTypes: Op, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** Throws SECURITY_DISABLED where nobody decides who may do what. */
const enabled = ({ authorizer }: Core): Authorizer => {
  if (authorizer === undefined) throw protocolError('SECURITY_DISABLED');
  return authorizer;
};

const PRINCIPAL = /^[^:]+:.+$/;

const { UNKNOWN, ANY, MATCH } = ResourcePatternTypes;

/** Only a filter may say 'any', and a broker that reads it elsewhere does not know what to do. Throws INVALID_REQUEST, UNKNOWN. */
const checkAcl = (acl: AclEntry): void => {
  const isDefinite =
    acl.operation > Op.ANY &&
    acl.permissionType > AclPermissionTypes.ANY &&
    acl.resourceType > AclResourceTypes.ANY &&
    ![UNKNOWN, ANY, MATCH].includes(acl.resourcePatternType);
  const isNamed =
    acl.resourceType === AclResourceTypes.CLUSTER
      ? acl.resourceName === CLUSTER_NAME
      : acl.resourceName !== '';
  if (!isDefinite) throw protocolError('UNKNOWN');
  if (!isNamed || !PRINCIPAL.test(acl.principal)) throw protocolError('INVALID_REQUEST');
};

/** Kafka cannot read such a filter, and hangs up. */
const checkFilter = (core: Core, filter: AclFilter): void => {
  const { resourceType, resourcePatternType, operation, permissionType } = filter;
  const asked: readonly number[] = [resourceType, resourcePatternType, operation, permissionType];
  if (!asked.includes(0)) return;
  const { host, port } = core.address();
  throw connectionClosed(host, port);
};

/** Stores an ACL. Throws SECURITY_DISABLED, and INVALID_REQUEST or UNKNOWN for one that makes no sense. */
export const createAcl = (core: Core, acl: AclEntry): void => {
  const enabledOne = enabled(core);
  checkAcl(acl);
  enabledOne.add([acl]);
};

/** Removes the ACLs that a filter is about, and answers them. Throws SECURITY_DISABLED. */
export const deleteAcls = (core: Core, filter: AclFilter): AclEntry[] => {
  const enabledOne = enabled(core);
  checkFilter(core, filter);
  const found = enabledOne.find(filter);
  enabledOne.remove(found);
  return found;
};

/** The ACLs that a filter is about, by resource. Throws SECURITY_DISABLED. */
export const describeAcls = (core: Core, filter: AclFilter): DescribeAclResource[] => {
  const enabledOne = enabled(core);
  checkFilter(core, filter);
  const resources = new Map<string, DescribeAclResource>();
  for (const found of enabledOne.find(filter)) {
    const { resourceType, resourceName, resourcePatternType, ...acl } = found;
    const key = JSON.stringify([resourceType, resourceName, resourcePatternType]);
    const known = resources.get(key) ?? { resourceType, resourceName, resourcePatternType, acls: [] };
    resources.set(key, { ...known, acls: [...known.acls, acl] });
  }
  return [...resources.values()];
};
