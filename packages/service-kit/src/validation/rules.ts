import { PATTERN_RULES } from '@order-pipeline/contracts';

/** What of a JSON Schema is looked at to say what is wrong with a value. */
export interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
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
const textRule = ({ pattern, format, minLength, maxLength }: SchemaNode, keyword: string): string => {
  const length = rangeOf(minLength, maxLength);
  if (keyword.endsWith('Length')) return length ? `must have${length} characters` : 'must be text';
  if (format !== undefined) return `must be ${FORMATS[format] ?? `of the format ${format}`}`;
  return (pattern && PATTERN_RULES[pattern]) ?? (pattern ? `must match ${pattern}` : 'must be text');
};

export const listRule = ({ minItems, maxItems }: SchemaNode): string =>
  `must be a list${
    minItems === undefined && maxItems === undefined ? '' : ` with${rangeOf(minItems, maxItems)} entries`
  }`;

/**
 * What a value of this schema must be.
 *
 * @param keyword the part of the schema that it fails
 * @param otherwise what is said of a schema that is none of ours
 */
export const ruleOf = (schema: SchemaNode, keyword: string, otherwise: string): string => {
  if ('const' in schema) return `must be ${JSON.stringify(schema.const)}`;
  if (schema.enum) return `must be one of ${schema.enum.join(', ')}`;
  switch (schema.type ?? '') {
    case 'integer':
      return `must be a whole number${rangeOf(schema.minimum, schema.maximum)}`;
    case 'string':
      return textRule(schema, keyword);
    default:
      return otherwise;
  }
};
