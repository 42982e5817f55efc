import { AppError } from './app-error.ts';

/** What a paged list is asked for. */
export interface PageRequest {
  readonly limit: number;
  /** Entries before this sequence number; the newest ones where it is missing. */
  readonly before?: number;
}

const RADIX = 36;
const LONGEST_CURSOR = 10;

/**
 * @param query.cursor as `pageHeaders` made it
 * @throws AppError VALIDATION_FAILED for a cursor that no page can have given
 */
export const pageRequest = (query: { limit?: number; cursor?: string }): PageRequest => {
  const limit = query.limit ?? 100;
  if (query.cursor === undefined) return { limit };
  const before = Number.parseInt(query.cursor, RADIX);
  if (query.cursor.length <= LONGEST_CURSOR && before.toString(RADIX) === query.cursor)
    return { limit, before };
  const problem = { field: 'cursor', message: 'is not a cursor of this list' };
  throw new AppError('VALIDATION_FAILED', `Bad input: cursor ${problem.message}`, { details: [problem] });
};

/** The cursor of the page after the entry with this sequence number. */
export const cursorOf = (last: number): string => last.toString(RADIX);

/**
 * The headers of a page: a `Link` to the next one where there is one (RFC 8288).
 *
 * @param path where the list is asked for
 * @param query what it was asked with
 * @param next the sequence number of the last entry of this page, when more follow
 */
export const pageHeaders = (
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
  next: number | undefined,
): Record<string, string> => {
  if (next === undefined) return {};
  const parameters = new URLSearchParams();
  const asked: Readonly<Record<string, string | number | undefined>> = {
    ...query,
    cursor: cursorOf(next),
  };
  for (const [name, value] of Object.entries(asked)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  // A last part of `.` or `..` would be folded away when the path is resolved, encoded or not; without a path the one
  // that was asked for stays as it is (RFC 3986, 5.2.2).
  const target = /\/\.{1,2}$/.test(path) ? '' : path;
  return { link: `<${target}?${parameters.toString()}>; rel="next"` };
};

/** A page of rows that were asked for with one more than the limit, to see whether more follow. */
export const pageOf = <R extends { readonly seq: number }>(
  rows: readonly R[],
  limit: number,
): { readonly rows: readonly R[]; readonly next: number | undefined } => {
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? page.at(-1)?.seq : undefined };
};
