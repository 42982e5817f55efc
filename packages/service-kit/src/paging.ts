import { AppError } from './app-error.ts';

/** What a paged list is asked for. */
export interface PageRequest {
  readonly limit: number;
  /** Entries before this sequence number; the newest ones where it is missing. */
  readonly before?: number;
}

const RADIX = 36;
const MAX_CURSOR_LENGTH = 10;

/**
 * @param query.cursor as `pageHeaders` made it
 * @throws AppError VALIDATION_FAILED for a cursor that no page can have given
 */
export const pageRequest = (query: { limit?: number; cursor?: string }): PageRequest => {
  const limit = query.limit ?? 100;
  if (query.cursor === undefined) return { limit };
  const before = Number.parseInt(query.cursor, RADIX);
  if (query.cursor.length <= MAX_CURSOR_LENGTH && before.toString(RADIX) === query.cursor)
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

/** Entries of a list, and the sequence number of the last of them when more follow. */
export interface Page<R> {
  readonly rows: readonly R[];
  readonly next: number | undefined;
}

/** A page of rows that were asked for with one more than the limit, to see whether more follow. */
export const pageOf = <R extends { readonly seq: number }>(rows: readonly R[], limit: number): Page<R> => {
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? page.at(-1)?.seq : undefined };
};

/** What the entries of one page may take, in bytes of JSON; one entry comes in any case. */
export const MAX_PAGE_BYTES = 1_048_576;
/** So many rows are read before anything is known of their size: a page of the default limit takes one statement. */
const FIRST_SLICE_ROWS = 101;

/**
 * Reads a page that ends before its limit where its entries are large, so that no list costs much more than another. It
 * reads in slices, the first small, the others as large as what was read lets expect.
 *
 * @param read the rows before a sequence number, newest first, `limit` of them where there are so many
 * @param bytesOf how long a row is in JSON, about
 */
export const readPage = async <R extends { readonly seq: number }>(
  { limit, before }: PageRequest,
  read: (slice: PageRequest) => Promise<readonly R[]>,
  bytesOf: (row: R) => number,
): Promise<Page<R>> => {
  const rows: R[] = [];
  let bytes = 0;
  let slice: PageRequest = {
    limit: Math.min(limit + 1, FIRST_SLICE_ROWS),
    ...(before === undefined ? {} : { before }),
  };
  for (;;) {
    const found = await read(slice);
    for (const row of found) {
      bytes += bytesOf(row);
      if (rows.length === limit || (rows.length > 0 && bytes > MAX_PAGE_BYTES))
        return { rows, next: rows.at(-1)?.seq };
      rows.push(row);
    }
    const last = rows.at(-1);
    if (last === undefined || found.length < slice.limit) return { rows, next: undefined };
    const fitting = Math.ceil(((MAX_PAGE_BYTES - bytes) / bytes) * rows.length) + 1;
    slice = { limit: Math.min(limit + 1 - rows.length, fitting), before: last.seq };
  }
};
