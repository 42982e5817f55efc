import { SEARCHED_UNTIL_HEADER, type Input, type Operation, type Output } from '@order-pipeline/contracts';
import type { Gateway } from '@order-pipeline/gateway-client';
import { askPage } from './gateway.ts';

/** The most entries that one request lists. */
const PAGE_SIZE = 1_000;

/** The most pages that are asked for: one that looks for orders may find none. */
const MAX_PAGES = 100;

/** A list that is answered in pages. */
type PagedOperation = Operation & { readonly paged: true };

/** The first entries of a list, and whether there are more. */
export interface Listed<T> {
  readonly entries: readonly T[];
  readonly hasMore: boolean;
  /** How far it was looked, where a list is looked through and the end was not reached: a time, ISO 8601. */
  readonly searchedUntil?: string | undefined;
}

/**
 * Reads the first entries of a list, page by page.
 *
 * @throws CliError when the gateway refuses; GatewayError when it does not answer
 */
export const listUpTo = async <O extends PagedOperation>(
  gateway: Gateway,
  operation: O,
  input: Partial<Input<O>>,
  limit: number,
): Promise<Listed<Output<O> extends readonly (infer T)[] ? T : never>> => {
  type Entry = Output<O> extends readonly (infer T)[] ? T : never;
  const entries: Entry[] = [];
  let cursor: string | undefined;
  let searchedUntil: string | undefined;
  let pages = 0;
  do {
    const query = {
      ...(input.query as object | undefined),
      limit: Math.min(PAGE_SIZE, limit - entries.length),
      ...(cursor === undefined ? {} : { cursor }),
    } as Input<O>['query'];
    const page = await askPage(gateway, operation, { ...input, query });
    entries.push(...(page.body as Entry[]));
    cursor = page.nextCursor;
    searchedUntil = page.headers[SEARCHED_UNTIL_HEADER];
    pages += 1;
  } while (cursor !== undefined && entries.length < limit && pages < MAX_PAGES);
  const isCut = cursor !== undefined && entries.length < limit;
  return { entries, hasMore: cursor !== undefined, ...(isCut && { searchedUntil }) };
};
