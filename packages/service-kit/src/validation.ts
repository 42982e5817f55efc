import { Ajv, type ErrorObject } from 'ajv';
import addFormats from 'ajv-formats';

const options = { allErrors: true, strict: false, useDefaults: true, removeAdditional: false } as const;
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

const fieldOf = (error: ErrorObject): string => {
  const path = error.instancePath.slice(1).split('/').filter(Boolean);
  const { missingProperty, additionalProperty } = error.params as Record<string, string | undefined>;
  const last = missingProperty ?? additionalProperty;
  const parts = last === undefined ? path : [...path, last];
  return parts
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
};

const messageOf = (error: ErrorObject): string => {
  switch (error.keyword) {
    case 'required':
      return 'is missing';
    case 'additionalProperties':
      return 'is not a known field';
    case 'enum':
      return `must be one of ${(error.params as { allowedValues: unknown[] }).allowedValues.join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify((error.params as { allowedValue: unknown }).allowedValue)}`;
    default:
      return error.message ?? 'is wrong';
  }
};

/** A validator of JSON Schema that names what is wrong field by field; no problems means valid. Fills in defaults. */
export const compileValidator = (schema: object, source: 'json' | 'text'): Validate => {
  const validate = (source === 'json' ? exact : fromText).compile(schema);
  return (value) =>
    validate(value)
      ? []
      : (validate.errors ?? [])
          .slice(0, MOST_PROBLEMS)
          .map((error) => ({ field: fieldOf(error), message: messageOf(error) }));
};
