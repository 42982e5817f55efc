import kafkajs from 'kafkajs';
import type { AclEntry, AclFilter, AclOperationTypes, AclResourceTypes } from 'kafkajs';

const {
  AclOperationTypes: Op,
  AclPermissionTypes,
  AclResourceTypes: Resource,
  ResourcePatternTypes,
} = kafkajs;

/** The name that the one resource of the type CLUSTER has. */
export const CLUSTER_NAME = 'kafka-cluster';
const WILDCARD = '*';
const EVERYBODY = 'User:*';

/** The user of clients that do not log in. */
export const ANONYMOUS = 'ANONYMOUS';

/** Who asks for something. */
export interface Principal {
  /** `User:alice`. */
  readonly name: string;
  /** The address that the request comes from. */
  readonly host: string;
}

/** An ACL; allows something about a resource of that very name, from everywhere, if nothing else is given. */
export type GivenAcl = Pick<AclEntry, 'principal' | 'resourceType' | 'resourceName' | 'operation'> &
  Partial<AclEntry>;

/** What decides who may do what. */
export interface AuthorizerOptions {
  /** Principals who may do everything: `User:admin`. Clients that do not log in are `User:ANONYMOUS`. */
  readonly superUsers?: readonly string[];
  readonly acls?: readonly GivenAcl[];
  /** Whether everybody may use a resource that no ACL is about; nobody may, if not given. */
  readonly allowEveryoneIfNoAclFound?: boolean;
}

/** The ACLs of a cluster. */
export interface Authorizer {
  allows(who: Principal, operation: AclOperationTypes, type: AclResourceTypes, name: string): boolean;
  /** Whether that is allowed about any resource of the type. */
  allowsAny(who: Principal, operation: AclOperationTypes, type: AclResourceTypes): boolean;
  find(filter: AclFilter): AclEntry[];
  add(acls: readonly AclEntry[]): void;
  remove(acls: readonly AclEntry[]): void;
  /** Back to the ACLs of the beginning. */
  reset(): void;
}

/** What else is allowed with an operation; a DENY is about that operation alone. */
const IMPLIED = new Map<AclOperationTypes, readonly AclOperationTypes[]>([
  [Op.READ, [Op.DESCRIBE]],
  [Op.WRITE, [Op.DESCRIBE]],
  [Op.DELETE, [Op.DESCRIBE]],
  [Op.ALTER, [Op.DESCRIBE]],
  [Op.ALTER_CONFIGS, [Op.DESCRIBE_CONFIGS]],
]);

type Pattern = Pick<AclEntry, 'resourceName' | 'resourcePatternType'>;

/** Whether a pattern is about the resource of that name. */
const isAbout = ({ resourceName, resourcePatternType }: Pattern, name: string): boolean =>
  resourcePatternType === ResourcePatternTypes.PREFIXED
    ? name.startsWith(resourceName)
    : resourceName === name || resourceName === WILDCARD;

const isFor = (acl: AclEntry, { name, host }: Principal): boolean =>
  (acl.principal === name || acl.principal === EVERYBODY) && (acl.host === WILDCARD || acl.host === host);

const names = ({ operation }: AclEntry, asked: AclOperationTypes): boolean =>
  operation === asked || operation === Op.ALL;

const isDenial = ({ permissionType }: AclEntry): boolean => permissionType === AclPermissionTypes.DENY;

const denies = (acl: AclEntry, asked: AclOperationTypes): boolean => isDenial(acl) && names(acl, asked);

const grants = (acl: AclEntry, asked: AclOperationTypes): boolean =>
  !isDenial(acl) && (names(acl, asked) || IMPLIED.get(acl.operation)?.includes(asked) === true);

/** Whether all that an ACL is about is denied by another one. */
const isOutdone = ({ resourceName, resourcePatternType }: AclEntry, denial: AclEntry): boolean =>
  isAbout(denial, resourceName) &&
  (resourcePatternType === denial.resourcePatternType ||
    resourcePatternType === ResourcePatternTypes.LITERAL ||
    denial.resourceName === WILDCARD);

const FIELDS = [
  'resourceType',
  'resourceName',
  'resourcePatternType',
  'principal',
  'host',
  'operation',
  'permissionType',
] as const;

const keyOf = (acl: AclEntry): string => JSON.stringify(FIELDS.map((field) => acl[field]));

/** Whether a filter, in which ANY stands for all values, is about an ACL's resource. */
const isPatternMeant = ({ resourceName, resourcePatternType }: AclFilter, acl: AclEntry): boolean => {
  const { ANY, MATCH } = ResourcePatternTypes;
  const isType = resourcePatternType === acl.resourcePatternType;
  if (resourcePatternType !== MATCH && resourcePatternType !== ANY && !isType) return false;
  if (resourceName === undefined || resourceName === null) return true;
  return resourcePatternType === MATCH ? isAbout(acl, resourceName) : resourceName === acl.resourceName;
};

const isMeant = (filter: AclFilter, acl: AclEntry): boolean =>
  (filter.resourceType === Resource.ANY || filter.resourceType === acl.resourceType) &&
  isPatternMeant(filter, acl) &&
  (filter.principal ?? acl.principal) === acl.principal &&
  (filter.host ?? acl.host) === acl.host &&
  (filter.operation === Op.ANY || filter.operation === acl.operation) &&
  (filter.permissionType === AclPermissionTypes.ANY || filter.permissionType === acl.permissionType);

const complete = (acl: GivenAcl): AclEntry => ({
  host: WILDCARD,
  permissionType: AclPermissionTypes.ALLOW,
  resourcePatternType: ResourcePatternTypes.LITERAL,
  ...acl,
});

/** An authorizer with the ACLs that are given. */
export const createAuthorizer = ({
  superUsers = [],
  acls = [],
  allowEveryoneIfNoAclFound = false,
}: AuthorizerOptions): Authorizer => {
  const stored = new Map<string, AclEntry>();
  const add = (added: readonly AclEntry[]): void => {
    for (const acl of added) stored.set(keyOf(acl), acl);
  };
  const reset = (): void => {
    stored.clear();
    add(acls.map(complete));
  };
  reset();
  const isSuper = ({ name }: Principal): boolean => superUsers.includes(name);
  const about = (type: AclResourceTypes): AclEntry[] =>
    [...stored.values()].filter(({ resourceType }) => resourceType === type);
  return {
    allows: (who, operation, type, name) => {
      if (isSuper(who)) return true;
      const found = about(type).filter((acl) => isAbout(acl, name));
      if (found.length === 0) return allowEveryoneIfNoAclFound;
      const own = found.filter((acl) => isFor(acl, who));
      return !own.some((acl) => denies(acl, operation)) && own.some((acl) => grants(acl, operation));
    },
    allowsAny: (who, operation, type) => {
      if (isSuper(who)) return true;
      const own = about(type).filter((acl) => isFor(acl, who));
      const denials = own.filter((acl) => denies(acl, operation));
      if (own.some((acl) => grants(acl, operation) && !denials.some((each) => isOutdone(acl, each)))) {
        return true;
      }
      return allowEveryoneIfNoAclFound && denials.length === 0;
    },
    find: (filter) => [...stored.values()].filter((acl) => isMeant(filter, acl)),
    add,
    remove: (removed) => {
      for (const acl of removed) stored.delete(keyOf(acl));
    },
    reset,
  };
};
