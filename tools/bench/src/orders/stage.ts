import type { BenchContext } from '../context/context.ts';
import type { Placing } from '../load/place.ts';
import { createDataset } from '../load/dataset.ts';
import { spreadOrders, type OrderSource } from '../load/orders.ts';
import { DATASET } from './sizes.ts';

/** Longer than a stage: of what is measured nothing is walking. */
export const NO_WALKING_MS = 3_600_000;

/** Creates users and items, and orders that are spread over them. */
export const openSpread = async (url: string, token?: string): Promise<OrderSource> =>
  spreadOrders(await createDataset(url, DATASET, token));

/** Tells why orders were not taken, of each placing the first few. */
export const reportExamples = ({ say }: Pick<BenchContext, 'say'>, placings: readonly Placing[]): void => {
  for (const { answers } of placings)
    for (const example of answers.examples) say(`An order was not taken: ${example}`);
};
