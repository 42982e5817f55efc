import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

/*
 * It stops at the first thing that is wrong, and counts come before what is counted: what a wrong value costs is bounded
 * by what a right one of its size does. What else is wrong with it is found by `problemsIn`.
 */
const ajv = new Ajv({
  allErrors: false,
  strict: false,
  useDefaults: true,
  // The schemas are our own: checking them at every start would take longer than compiling them.
  meta: false,
  validateSchema: false,
});
// The default export is a CommonJS namespace under nodenext.
addFormats.default(ajv, ['date-time', 'email']);

/** A check of JSON Schema, compiled once a schema: a value has its type or is refused, and defaults are filled in. */
export const checkOf = (schema: object): ValidateFunction => ajv.compile(schema);
