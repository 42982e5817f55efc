import { countOf } from '@order-pipeline/audit/words.ts';
import type { Listed } from './list-up-to.ts';
import { tableOf } from './table.ts';

/**
 * A list for people: a table and how many there are.
 *
 * @param noun what one entry is, such as `order`
 */
export const listText = (
  noun: string,
  head: readonly string[],
  { entries, hasMore }: Listed<readonly (string | number)[]>,
): string =>
  entries.length === 0
    ? `There are no such ${noun}s.`
    : `${tableOf(entries, head)}\n\n${countOf(entries.length, noun)}${hasMore ? '; there are more: --limit' : ''}`;
