import { Strict, type Input, type Operation } from '@order-pipeline/contracts';
import { AppError } from '../app-error.ts';
import { compileValidator, type Problem } from '../validation/index.ts';

const validationFailed = (problems: readonly Problem[], part: string): AppError => {
  const sentence = problems.map(({ field, message }) => `${field || `the ${part}`} ${message}`).join('; ');
  return new AppError('VALIDATION_FAILED', `Bad input: ${sentence}`, { details: problems });
};

/** Makes what Fastify calls with a part of a request: it answers the value with its defaults filled in, or the refusal. */
export const compileInput = ({ schema, httpPart = 'body' }: { schema: object; httpPart?: string }) => {
  const validate = compileValidator(schema, httpPart === 'body' ? 'json' : 'text');
  return (value: unknown) => {
    const problems = validate(value);
    return problems.length === 0 ? { value } : { error: validationFailed(problems, httpPart) };
  };
};

const validateNoBody = compileValidator(Strict({}), 'json');

/** Operations without a body take none, or an empty object. */
export const checkNoBody = (body: unknown): void => {
  const problems = validateNoBody(body ?? {});
  if (problems.length > 0) throw validationFailed(problems, 'body');
};

/**
 * Makes the check of an operation's whole input, as its route makes it; defaults are filled in.
 *
 * @returns what throws the refusal of an input that is wrong
 */
export const compileInputCheck = ({
  params,
  query,
  headers,
  body,
}: Operation): ((input: Input<Operation>) => void) => {
  const checkParams = params && compileInput({ schema: params, httpPart: 'params' });
  const checkQuery = query && compileInput({ schema: query, httpPart: 'querystring' });
  const checkHeaders = headers && compileInput({ schema: headers, httpPart: 'headers' });
  const checkBody = body && compileInput({ schema: body });
  return (input) => {
    const results = [
      checkParams?.(input.params),
      checkQuery?.(input.query ?? {}),
      checkHeaders?.(input.headers ?? {}),
      checkBody?.(input.body),
    ];
    for (const result of results) if (result && 'error' in result) throw result.error;
    if (!body) checkNoBody(input.body);
  };
};
