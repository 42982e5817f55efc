import { AppError } from './app-error.ts';

/** What a paged list is asked for; its entries have positions `P`, mostly sequence numbers, of which the newest is the highest. */
export interface PageRequest<P = number> {
  readonly limit: number;
  /** Entries before this sequence number, or beyond this position; the first ones where it is missing. */
  readonly before?: P;
}

const RADIX = 36;
const MAX_CURSOR_LENGTH = 10;

const JOINT = '-';

/** The number that a part of a cursor says. */
const numberIn = (part: string): number | undefined => {
  const number = Number.parseInt(part, RADIX);
  return part.length <= MAX_CURSOR_LENGTH && number.toString(RADIX) === part ? number : undefined;
};

/**
 * @param query.cursor as `pageHeaders` made it
 * @param positionOf the position that a cursor's numbers say; nothing where they can say none
 * @throws AppError VALIDATION_FAILED for a cursor that no page can have given
 */
export const pageRequestBy = <P>(
  query: { limit?: number; cursor?: string },
  positionOf: (numbers: readonly number[]) => P | undefined,
): PageRequest<P> => {
  const limit = query.limit ?? 100;
  if (query.cursor === undefined) return { limit };
  const numbers = query.cursor.split(JOINT).map(numberIn);
  const before = numbers.includes(undefined) ? undefined : positionOf(numbers as number[]);
  if (before !== undefined) return { limit, before };
  const problem = { field: 'cursor', message: 'is not a cursor of this list' };
  throw new AppError('VALIDATION_FAILED', `Bad input: cursor ${problem.message}`, { details: [problem] });
};

/** The same for a list in the order of its sequence numbers. */
export const pageRequest = (query: { limit?: number; cursor?: string }): PageRequest =>
  pageRequestBy(query, (numbers) => (numbers.length === 1 ? numbers[0] : undefined));

/** The cursor of the page after the entry with this position: its sequence number, or the numbers that say it. */
export const cursorOf = (...last: readonly number[]): string =>
  last.map((number) => number.toString(RADIX)).join(JOINT);

/**
 * The headers of a page: a `Link` to the next one where there is one (RFC 8288).
 *
 * @param path where the list is asked for
 * @param query what it was asked with
 * @param next the sequence number of the last entry of this page, or the cursor made of its position, when more follow
 */
export const pageHeaders = (
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
  next: number | string | undefined,
): Record<string, string> => {
  if (next === undefined) return {};
  const parameters = new URLSearchParams();
  const asked: Readonly<Record<string, string | number | undefined>> = {
    ...query,
    cursor: typeof next === 'number' ? cursorOf(next) : next,
  };
  for (const [name, value] of Object.entries(asked)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  // A last part of `.` or `..` would be folded away when the path is resolved, encoded or not; without a path the one
  // that was asked for stays as it is (RFC 3986, 5.2.2).
  const target = /\/\.{1,2}$/.test(path) ? '' : path;
  return { link: `<${target}?${parameters.toString()}>; rel="next"` };
};

/** Entries of a list, and the sequence number, or the position, of the last of them when more follow. */
export interface Page<R, P = number> {
  readonly rows: readonly R[];
  readonly next: P | undefined;
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
 * @param read the rows beyond a position, in the order of the list, `limit` of them where there are so many
 * @param bytesOf how long a row is in JSON, about
 * @param positionOf where a row stands in the list
 */
export const readPageBy = async <R, P>(
  { limit, before }: PageRequest<P>,
  read: (slice: PageRequest<P>) => Promise<readonly R[]>,
  { bytesOf, positionOf }: { readonly bytesOf: (row: R) => number; readonly positionOf: (row: R) => P },
): Promise<Page<R, P>> => {
  const rows: R[] = [];
  const lastPosition = (): P | undefined => {
    const last = rows.at(-1);
    return last === undefined ? undefined : positionOf(last);
  };
  let bytes = 0;
  let slice: PageRequest<P> = {
    limit: Math.min(limit + 1, FIRST_SLICE_ROWS),
    ...(before === undefined ? {} : { before }),
  };
  for (;;) {
    const found = await read(slice);
    for (const row of found) {
      bytes += bytesOf(row);
      if (rows.length === limit || (rows.length > 0 && bytes > MAX_PAGE_BYTES))
        return { rows, next: lastPosition() };
      rows.push(row);
    }
    const last = lastPosition();
    if (last === undefined || found.length < slice.limit) return { rows, next: undefined };
    const fitting = Math.ceil(((MAX_PAGE_BYTES - bytes) / bytes) * rows.length) + 1;
    slice = { limit: Math.min(limit + 1 - rows.length, fitting), before: last };
  }
};

/** The same for rows in the order of their sequence numbers, newest first. */
export const readPage = <R extends { readonly seq: number }>(
  request: PageRequest,
  read: (slice: PageRequest) => Promise<readonly R[]>,
  bytesOf: (row: R) => number,
): Promise<Page<R>> => readPageBy(request, read, { bytesOf, positionOf: ({ seq }) => seq });
