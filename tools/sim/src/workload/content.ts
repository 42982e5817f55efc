import type { NewOrder } from '@order-pipeline/contracts';

/** What an order is about: who ordered, and what. */
export type Content = Pick<NewOrder, 'userId' | 'items'>;

/** How many units of an item an order is for. */
export const unitsOf = ({ items }: Pick<Content, 'items'>, itemId: string): number =>
  items.reduce((sum, line) => sum + (line.itemId === itemId ? line.quantity : 0), 0);

/** Whether two orders are the same: by the units of each item, in whatever lines and order of lines they were asked for. */
export const isSameContent = (one: Content, other: Content): boolean =>
  one.userId === other.userId &&
  [...one.items, ...other.items].every(({ itemId }) => unitsOf(one, itemId) === unitsOf(other, itemId));
