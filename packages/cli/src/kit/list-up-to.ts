import type { Input, Operation, Output } from '@order-pipeline/contracts';
import type { Gateway } from '@order-pipeline/gateway-client';
import { askPage } from './gateway.ts';

/** The most entries that one request lists. */
const PAGE_SIZE = 1_000;

/** A list that is answered in pages. */
type PagedOperation = Operation & { readonly paged: true };

/** The first entries of a list, and whether there are more. */
export interface Listed<T> {
  readonly entries: readonly T[];
  readonly hasMore: boolean;
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
  do {
    const query = {
      ...(input.query as object | undefined),
      limit: Math.min(PAGE_SIZE, limit - entries.length),
      ...(cursor === undefined ? {} : { cursor }),
    } as Input<O>['query'];
    const page = await askPage(gateway, operation, { ...input, query });
    entries.push(...(page.body as Entry[]));
    cursor = page.nextCursor;
  } while (cursor !== undefined && entries.length < limit);
  return { entries, hasMore: cursor !== undefined };
};
