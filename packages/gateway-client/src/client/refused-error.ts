import type { ErrorBody, ErrorCode } from '@order-pipeline/contracts';

/** The gateway refused: asking the same again changes nothing. `message` is its sentence. */
export class RefusedError extends Error {
  readonly code: ErrorCode;
  /** The HTTP status. */
  readonly status: number;
  /** What exactly is wrong, such as the fields or the items; empty where the sentence says all. */
  readonly details: readonly unknown[];

  constructor({ error, code, status, details = [] }: ErrorBody) {
    super(error);
    this.name = 'RefusedError';
    this.code = code;
    this.status = status;
    this.details = details;
  }
}
