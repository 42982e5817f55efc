import { checkOf } from './ajv.ts';
import { listRule, ruleOf, type SchemaNode } from './rules.ts';

export interface Problem {
  /** The field, as `order.items[0].quantity`; empty for the whole value. */
  readonly field: string;
  readonly message: string;
}

const MAX_PROBLEMS = 20;
/** The names of unknown fields are the client's own; longer ones are cut. */
const MAX_NAME_LENGTH = 100;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const nested = (field: string, name: string): string => (field === '' ? name : `${field}.${name}`);

/** Finds what is wrong, field by field, and stops when it has found enough. */
function* problemsOfObject(schema: SchemaNode, value: unknown, field: string): Generator<Problem> {
  if (!isObject(value)) {
    yield { field, message: value === undefined || value === null ? 'is missing' : 'must be an object' };
    return;
  }
  const { properties = {}, required = [], additionalProperties } = schema;
  for (const name of required) {
    if (value[name] === undefined) yield { field: nested(field, name), message: 'is missing' };
  }
  for (const [name, property] of Object.entries(properties)) {
    if (value[name] !== undefined) yield* problemsOfValue(property, value[name], nested(field, name));
  }
  if (additionalProperties !== false) return;
  // Not through Object.keys: of many names only the first are wanted.
  for (const name in value) {
    if (!Object.hasOwn(properties, name))
      yield { field: nested(field, name.slice(0, MAX_NAME_LENGTH)), message: 'is not a known field' };
  }
}

function* problemsOfList(schema: SchemaNode, value: unknown, field: string): Generator<Problem> {
  const { minItems = 0, maxItems = Infinity, items = {} } = schema;
  if (!Array.isArray(value) || value.length < minItems || value.length > maxItems) {
    yield { field, message: listRule(schema) };
    return;
  }
  for (const [index, item] of value.entries()) yield* problemsOfValue(items, item, `${field}[${index}]`);
}

function* problemsOfValue(schema: SchemaNode, value: unknown, field: string): Generator<Problem> {
  if (schema.type === 'object') yield* problemsOfObject(schema, value, field);
  else if (schema.type === 'array') yield* problemsOfList(schema, value, field);
  else {
    const check = checkOf(schema);
    if (check(value)) return;
    const [error] = check.errors ?? [];
    yield { field, message: ruleOf(schema, error?.keyword ?? '', error?.message ?? 'is wrong') };
  }
}

/** What is wrong with a value, one problem a field, the first 20 of them. */
export const problemsIn = (schema: object, value: unknown): readonly Problem[] => {
  const problems: Problem[] = [];
  for (const problem of problemsOfValue(schema, value, '')) {
    problems.push(problem);
    if (problems.length === MAX_PROBLEMS) break;
  }
  return problems;
};
