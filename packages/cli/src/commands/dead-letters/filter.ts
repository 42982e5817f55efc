import type { LetterFilter } from '@order-pipeline/contracts';
import { CliError } from '../../kit/cli-error.ts';

/** The options that name dead letters by what they are. */
export interface FilterOptions {
  readonly topic?: LetterFilter['topic'];
  readonly group?: string | undefined;
  readonly reason?: string | undefined;
  readonly order?: string | undefined;
}

/** Which letters are meant: one by its id, or those of a filter; an empty filter means all. */
export type Choice = { readonly letterId: string } | { readonly filter: LetterFilter };

export const filterIn = ({ topic, group, reason, order }: FilterOptions): LetterFilter => ({
  ...(topic === undefined ? {} : { topic }),
  ...(group === undefined ? {} : { group }),
  ...(reason === undefined ? {} : { reason }),
  ...(order === undefined ? {} : { orderId: order }),
});

/** @throws CliError unless it is an id, or a filter, or all, and only one of them */
export const choiceIn = (letterId: string | undefined, all: boolean, options: FilterOptions): Choice => {
  const filter = filterIn(options);
  const ways = [letterId !== undefined, Object.keys(filter).length > 0, all].filter(Boolean);
  if (ways.length > 1) throw new CliError('An ID, a filter and --all exclude one another');
  if (ways.length === 0) throw new CliError('Say which: an ID, --topic, --group, --reason, --order or --all');
  return letterId === undefined ? { filter } : { letterId };
};
