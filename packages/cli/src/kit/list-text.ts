import { countOf } from '@order-pipeline/audit/words.ts';
import type { Listed } from './list-up-to.ts';
import { tableOf } from './table.ts';

const furtherText = ({ hasMore, searchedUntil }: Listed<unknown>): string => {
  if (searchedUntil !== undefined) return `; looked no further than ${searchedUntil}`;
  return hasMore ? '; there are more: --limit' : '';
};

/**
 * A list for people: a table and how many there are.
 *
 * @param noun what one entry is, such as `order`
 */
export const listText = (
  noun: string,
  head: readonly string[],
  listed: Listed<readonly (string | number)[]>,
): string => {
  const { entries } = listed;
  return entries.length === 0
    ? `There are no such ${noun}s${furtherText(listed)}.`
    : `${tableOf(entries, head)}\n\n${countOf(entries.length, noun)}${furtherText(listed)}`;
};
