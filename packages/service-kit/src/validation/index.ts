import { checkOf } from './ajv.ts';
import { problemsIn, type Problem } from './problems.ts';
import type { SchemaNode } from './rules.ts';

export type { Problem } from './problems.ts';

export type Validate = (value: unknown) => readonly Problem[];

/** No sign, no fraction, no exponent, no other base, no spaces; more digits than a whole number can have are not read. */
const DECIMAL = /^[0-9]{1,15}$/;

/** Makes what reads the whole numbers of a query or a path, in place; everything arrives as text there. */
const compileNumberReader = ({ properties = {} }: SchemaNode): ((value: unknown) => void) => {
  const names = Object.keys(properties).filter((name) => properties[name]?.type === 'integer');
  return (value) => {
    const fields = value as Record<string, unknown>;
    for (const name of names) {
      const text = fields[name];
      if (typeof text === 'string' && DECIMAL.test(text)) fields[name] = Number(text);
    }
  };
};

/**
 * A validator of JSON Schema that names what is wrong field by field; no problems means valid. Fills in defaults.
 *
 * @param source where the value is from: in JSON it has its type, in a query, a path or a header everything is text
 */
export const compileValidator = (schema: object, source: 'json' | 'text'): Validate => {
  const check = checkOf(schema);
  const readNumbers = source === 'text' ? compileNumberReader(schema) : undefined;
  return (value) => {
    readNumbers?.(value);
    if (check(value)) return [];
    const problems = problemsIn(schema, value);
    // Of a schema that is none of ours Ajv has the word.
    return problems.length > 0
      ? problems
      : [{ field: '', message: check.errors?.[0]?.message ?? 'is wrong' }];
  };
};
