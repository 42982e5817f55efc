import { refuse } from '@order-pipeline/service-kit';
import { archivedOf, type ArchivedRow } from './store/index.ts';

const orderNotFound = (orderId: string) => refuse('ORDER_NOT_FOUND', `There is no order ${orderId}`);

/**
 * What is answered about an order that is not here: where it stands, if it was archived.
 *
 * @param owner whose it has to be, where that matters: somebody else's is as one that never was
 */
export const notHere = (orderId: string, archived: ArchivedRow | undefined, owner?: string) => {
  if (!archived || (owner !== undefined && archived.userId !== owner)) return orderNotFound(orderId);
  const { file, archivedAt } = archivedOf(archived);
  const sentence = `The order ${orderId} was archived at ${archivedAt}, in ${file}`;
  return refuse('ORDER_ARCHIVED', sentence, [{ archivedAt, file }]);
};
