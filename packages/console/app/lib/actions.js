import { linkTo } from './router.js';

/** @import { ActionName } from '@order-pipeline/contracts' */

/**
 * What operators do, in words, and which view shows what it was done to.
 *
 * @type {Readonly<Record<ActionName, { does: string, folder: string }>>}
 */
const ACTIONS = {
  REDRIVE_DEAD_LETTER: { does: 'redrove the dead letter', folder: 'dead-letters' },
  DISCARD_DEAD_LETTER: { does: 'discarded the dead letter', folder: 'dead-letters' },
  ADD_ITEM: { does: 'added the item', folder: 'inventory' },
  RESTOCK_ITEM: { does: 'restocked the item', folder: 'inventory' },
  CANCEL_ORDER: { does: 'cancelled the order', folder: 'orders' },
  ERASE_USER: { does: 'erased the user', folder: 'users' },
};

/** @type {readonly ActionName[]} */
export const ACTION_NAMES = /** @type {ActionName[]} */ (Object.keys(ACTIONS));

/** @param {ActionName} action */
export const wordsOf = (action) => ACTIONS[action].does;

/** @param {ActionName} action @param {string} target */
export const linkToTarget = (action, target) =>
  linkTo(`/${ACTIONS[action].folder}/${encodeURIComponent(target)}`);
