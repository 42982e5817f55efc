import kafkajs from 'kafkajs';
import type { AclEntry, AclFilter } from 'kafkajs';
import { nonRetriable } from '../errors.ts';
import { shown } from './typing-gaps.ts';

// What kafkajs checks before it asks, in its words.

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** A field that has one of few values, and kafkajs's name for it, in one call and in the others. */
interface Choice {
  readonly field: 'operation' | 'resourcePatternType' | 'permissionType' | 'resourceType';
  readonly values: readonly unknown[];
  readonly label: string;
}

const CHOICES: readonly Choice[] = [
  { field: 'operation', values: Object.values(AclOperationTypes), label: 'operation' },
  {
    field: 'resourcePatternType',
    values: Object.values(ResourcePatternTypes),
    label: 'resource pattern',
  },
  { field: 'permissionType', values: Object.values(AclPermissionTypes), label: 'permission' },
  { field: 'resourceType', values: Object.values(AclResourceTypes), label: 'resource' },
];

const TEXTS = ['principal', 'host', 'resourceName'] as const;

const checkArray = (given: unknown, what: string): void => {
  if (!Array.isArray(given)) throw nonRetriable(`Invalid ${what} array ${shown(given)}`);
  if (given.length === 0) throw nonRetriable(`Empty ${what} array`);
};

const checkTexts = (given: readonly AclFilter[], what: string, isOptional: boolean): void => {
  for (const field of TEXTS) {
    const isText = (value: unknown) =>
      typeof value === 'string' || (isOptional && typeof value === 'undefined');
    if (given.every((each) => isText(each[field]))) continue;
    throw nonRetriable(`Invalid ${what} array, the ${field}s have to be a valid string`);
  }
};

const checkChoices = (given: readonly AclFilter[]): void => {
  for (const { field, values, label } of CHOICES) {
    const invalid = given.find((each) => !values.includes(each[field]));
    if (invalid !== undefined)
      throw nonRetriable(`Invalid ${label} type ${invalid[field]}: ${JSON.stringify(invalid)}`);
  }
};

/** Throws KafkaJSNonRetriableError for what cannot be sent. */
export const checkAcls = (acls: readonly AclEntry[]): void => {
  checkArray(acls, 'ACL');
  checkTexts(acls, 'ACL', false);
  checkChoices(acls);
};

/** Throws KafkaJSNonRetriableError for what cannot be sent. */
export const checkAclFilters = (filters: readonly AclFilter[]): void => {
  checkArray(filters, 'ACL Filter');
  checkTexts(filters, 'ACL Filter', true);
  checkChoices(filters);
};

/** Throws KafkaJSNonRetriableError for what cannot be sent; in other words than for several. */
export const checkAclFilter = (filter: AclFilter): void => {
  for (const field of TEXTS) {
    const value = filter[field];
    if (typeof value === 'string' || typeof value === 'undefined') continue;
    throw nonRetriable(`Invalid ${field}, the ${field} have to be a valid string`);
  }
  for (const { field, values, label } of CHOICES) {
    if (values.includes(filter[field])) continue;
    const name = field === 'resourcePatternType' ? 'resource pattern filter' : label;
    throw nonRetriable(`Invalid ${name} type ${filter[field]}`);
  }
};
