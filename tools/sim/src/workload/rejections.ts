import type { NewOrder } from '@order-pipeline/contracts';
import type { Answer } from './client.ts';
import type { Model, Moment } from './model.ts';
import { isSameContent, unitsOf } from './content.ts';
import { codeOf, type WorkloadContext } from './context.ts';

/** Whether a request asks for the order again; another order may be for the same units, and take them. */
const isRepeatOf = (content: NewOrder, order: NewOrder): boolean =>
  content.orderId === order.orderId && isSameContent(content, order);

/**
 * The most units of an item that can have been held before `until` for anything but this order: by other orders, and by
 * what else was asked under its id.
 */
const mostHeld = (model: Model, order: NewOrder, itemId: string, until: Moment): number =>
  [...model.orders.values()]
    .map(({ asked }) => {
      const others = asked.filter(({ at, content }) => at <= until && !isRepeatOf(content, order));
      return Math.max(0, ...others.map(({ content }) => unitsOf(content, itemId)));
    })
    .reduce((sum, units) => sum + units, 0);

/** Whether there must have been enough of everything at all times, even if every other order had been placed. */
const wasAlwaysEnough = (model: Model, order: NewOrder, answer: Answer): boolean =>
  [...new Set(order.items.map(({ itemId }) => itemId))].every((itemId) => {
    const { confirmed } = model.item(itemId);
    if (!confirmed || confirmed.at > answer.askedAt) return false;
    const left = confirmed.content.availableQty - mostHeld(model, order, itemId, answer.answeredAt);
    return left >= unitsOf(order, itemId);
  });

const isKnownItem = (model: Model, itemId: string, at: Moment): boolean => {
  const confirmed = model.items.get(itemId)?.confirmed;
  return confirmed !== undefined && confirmed.at <= at;
};

/** Why a refusal is not true, if it is not. */
const lieOf = (model: Model, order: NewOrder, answer: Answer): string | undefined => {
  const code = codeOf(answer);
  switch (code) {
    case 'USER_NOT_FOUND': {
      const confirmed = model.users.get(order.userId)?.confirmed;
      return confirmed && confirmed.at <= answer.askedAt ? 'the user had been registered before' : undefined;
    }
    case 'ITEM_NOT_FOUND':
      return order.items.every(({ itemId }) => isKnownItem(model, itemId, answer.askedAt))
        ? 'all items had been added before'
        : undefined;
    case 'NOT_ENOUGH_STOCK':
      return wasAlwaysEnough(model, order, answer) ? 'there was enough at all times' : undefined;
    case 'ID_TAKEN':
      return model.order(order.orderId).asked.every(({ content }) => isSameContent(content, order))
        ? 'nothing else was asked under the id'
        : undefined;
    default:
      return `an order is not refused with ${answer.status} ${code}`;
  }
};

/** Checks that a refused order was refused for a reason that there was. */
export const judgeRejection = (
  { model, findings }: WorkloadContext,
  order: NewOrder,
  answer: Answer,
): void => {
  const lie = lieOf(model, order, answer);
  if (lie) findings.add('a refusal is true', [order.orderId], `${codeOf(answer)}: ${lie}`);
  const { confirmed } = model.order(order.orderId);
  const isRepeat = confirmed !== undefined && isSameContent(confirmed.content, order);
  if (isRepeat && confirmed.at <= answer.askedAt)
    findings.add('a repeat is answered as the first time', [order.orderId], `then with ${codeOf(answer)}`);
};
