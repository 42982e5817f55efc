/**
 * Splits items into loads, in their order, each as full as it may be; an item that is too large is a load of its own.
 *
 * @param limit the most that the items of one load measure together
 * @param sizeOf what one item measures
 */
export const inLoads = <T>(items: readonly T[], limit: number, sizeOf: (item: T) => number): T[][] => {
  const loads: T[][] = [];
  let size = Infinity;
  for (const item of items) {
    const itemSize = sizeOf(item);
    if (size + itemSize > limit) {
      loads.push([]);
      size = 0;
    }
    loads.at(-1)?.push(item);
    size += itemSize;
  }
  return loads;
};
