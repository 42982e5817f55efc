import type { BenchContext } from '../context/context.ts';
import type { Placing } from '../load/place.ts';
import { openShop } from '../load/shop.ts';
import { spreadOrders, type OrderSource } from '../load/orders.ts';
import { SHOP } from './sizes.ts';

/** Longer than a stage: of what is measured nothing is walking. */
export const NO_WALKING_MS = 3_600_000;

/** Opens a shop, and orders that are spread over its items. */
export const openSpread = async (url: string, token?: string): Promise<OrderSource> =>
  spreadOrders(await openShop(url, SHOP, token));

/** Tells why orders were not taken, of each placing the first few. */
export const tellExamples = ({ say }: Pick<BenchContext, 'say'>, placings: readonly Placing[]): void => {
  for (const { answers } of placings)
    for (const example of answers.examples) say(`An order was not taken: ${example}`);
};
