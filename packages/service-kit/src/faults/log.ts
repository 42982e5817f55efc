import type { Logger } from 'pino';
import { isTransient } from '../app-error.ts';
import { causeOf } from './judge.ts';

/**
 * Logs what failed and is tried again: what is transient in one line at `warn`, with what its cause says in `reason` and
 * its `code`; anything else at `error`, with its stack.
 *
 * @param fields what the line has beside them
 */
export const logFailure = (
  logger: Logger,
  error: unknown,
  fields: Readonly<Record<string, unknown>>,
  message: string,
): void => {
  if (isTransient(error)) logger.warn({ ...fields, ...causeOf(error) }, message);
  else logger.error({ ...fields, err: error }, message);
};
