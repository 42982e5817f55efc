import type { ErrorBody, ErrorCode } from '@order-pipeline/contracts';
import { ERROR_STATUS } from '@order-pipeline/contracts';
import { judge } from './faults/judge.ts';

/** What is broken or was asked wrongly. Its message is for the one who asked, except where the status is 500. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly unknown[] | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: readonly unknown[]; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details;
  }
}

/** A part that is down for now: the same again may work later. */
export const unavailable = (message: string, cause?: unknown): AppError =>
  new AppError('UNAVAILABLE', message, { cause });

/** What stops work that nobody waits for any longer. */
export const notAwaited = (cause?: unknown): AppError =>
  unavailable('Nobody waits for the answer any more', cause);

/**
 * Whether the same work may succeed later without anybody changing it: UNAVAILABLE, or an error of a dependency that says
 * nothing of what was asked (docs/errors.md).
 */
export const isTransient = (error: unknown): boolean =>
  error instanceof AppError ? error.code === 'UNAVAILABLE' : judge(error)?.verdict === 'transient';

/** The body that every error answers. */
export const errorBody = (code: ErrorCode, message: string, details?: readonly unknown[]): ErrorBody => ({
  error: message,
  status: ERROR_STATUS[code],
  code,
  ...(details && details.length > 0 ? { details: [...details] } : {}),
});
