import { PATTERN_RULES } from '@order-pipeline/contracts';
import { Ajv, type ErrorObject } from 'ajv';
import addFormats from 'ajv-formats';

const options = {
  allErrors: true,
  strict: false,
  useDefaults: true,
  removeAdditional: false,
  verbose: true,
  // The schemas are our own: checking them at every start would take longer than compiling them.
  meta: false,
  validateSchema: false,
} as const;
const withFormats = (ajv: Ajv): Ajv => {
  // The default export is a CommonJS namespace under nodenext.
  addFormats.default(ajv, ['date-time', 'email']);
  return ajv;
};

/** For JSON: a value has its type or is refused. */
const exact = withFormats(new Ajv({ ...options, coerceTypes: false }));
/** For query strings and paths: everything arrives as text. */
const fromText = withFormats(new Ajv({ ...options, coerceTypes: true }));

export interface Problem {
  /** The field, as `order.items[0].quantity`; empty for the whole value. */
  readonly field: string;
  readonly message: string;
}

export type Validate = (value: unknown) => readonly Problem[];

const MOST_PROBLEMS = 20;
/** The names of unknown fields are the client's own; longer ones are cut. */
const LONGEST_NAME = 100;

const decodePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

const fieldOf = (error: ErrorObject): string => {
  const path = error.instancePath.slice(1).split('/').filter(Boolean).map(decodePointer);
  const { missingProperty, additionalProperty } = error.params as Record<string, string | undefined>;
  const last = missingProperty ?? additionalProperty;
  const parts = last === undefined ? path : [...path, last.slice(0, LONGEST_NAME)];
  return parts
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
};

interface Limits {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

const rangeOf = (from: number | undefined, to: number | undefined): string => {
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`;
  if (from !== undefined) return `, at least ${from}`;
  return to === undefined ? '' : `, at most ${to}`;
};

const FORMATS: Readonly<Record<string, string>> = {
  email: 'an e-mail address',
  'date-time': 'a time as in 2026-01-01T12:00:00Z',
};

/** The whole rule for a text, so that a wrong one needs one sentence only. */
const textRule = ({ pattern, format, minLength, maxLength }: Limits, keyword: string): string => {
  const length = rangeOf(minLength, maxLength);
  if (keyword.endsWith('Length')) return length ? `must have${length} characters` : 'must be text';
  if (format !== undefined) return `must be ${FORMATS[format] ?? `of the format ${format}`}`;
  return (pattern && PATTERN_RULES[pattern]) ?? (pattern ? `must match ${pattern}` : 'must be text');
};

const listRule = ({ minItems, maxItems }: Limits): string =>
  `must be a list${
    minItems === undefined && maxItems === undefined ? '' : ` with${rangeOf(minItems, maxItems)} entries`
  }`;

/** What a value of this schema must be. */
const ruleOf = (error: ErrorObject): string => {
  const limits = error.parentSchema as Limits;
  if (limits.enum) return `must be one of ${limits.enum.join(', ')}`;
  switch (limits.type ?? '') {
    case 'integer':
      return `must be a whole number${rangeOf(limits.minimum, limits.maximum)}`;
    case 'string':
      return textRule(limits, error.keyword);
    case 'array':
      return listRule(limits);
    case 'object':
      return error.data === undefined || error.data === null ? 'is missing' : 'must be an object';
    default:
      return error.message ?? 'is wrong';
  }
};

const messageOf = (error: ErrorObject): string => {
  switch (error.keyword) {
    case 'required':
      return 'is missing';
    case 'additionalProperties':
      return 'is not a known field';
    case 'const':
      return `must be ${JSON.stringify((error.params as { allowedValue: unknown }).allowedValue)}`;
    default:
      return ruleOf(error);
  }
};

/** One problem a field: the first says enough. */
const problemsOf = (errors: readonly ErrorObject[]): Problem[] => {
  const problems = new Map<string, Problem>();
  for (const error of errors) {
    const field = fieldOf(error);
    if (!problems.has(field)) problems.set(field, { field, message: messageOf(error) });
    if (problems.size === MOST_PROBLEMS) break;
  }
  return [...problems.values()];
};

/** A validator of JSON Schema that names what is wrong field by field; no problems means valid. Fills in defaults. */
export const compileValidator = (schema: object, source: 'json' | 'text'): Validate => {
  const validate = (source === 'json' ? exact : fromText).compile(schema);
  return (value) => (validate(value) ? [] : problemsOf(validate.errors ?? []));
};
