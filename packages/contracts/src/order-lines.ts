import type { OrderLine } from './schemas.ts';

/** One line an item, in the order of item ids: how lines are reserved, and compared. */
export const mergeLines = (lines: readonly OrderLine[]): readonly OrderLine[] => {
  if (lines.length < 2) return lines;
  const byItem = new Map<string, number>();
  for (const { itemId, quantity } of lines) byItem.set(itemId, (byItem.get(itemId) ?? 0) + quantity);
  return [...byItem]
    .map(([itemId, quantity]) => ({ itemId, quantity }))
    .toSorted((a, b) => (a.itemId < b.itemId ? -1 : 1));
};
