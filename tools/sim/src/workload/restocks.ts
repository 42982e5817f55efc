import type { Stream } from '../world/streams.ts';
import type { Answer } from './client.ts';
import { ask, callUntilDecided, codeOf, isDecided, requests, type WorkloadContext } from './context.ts';
import type { KeyedRestock } from './model.ts';

/** A restock without a key is not repeatable: one without an answer may or may not have happened. */
export const restock = async (context: WorkloadContext, stream: Stream, itemId: string): Promise<void> => {
  const quantity = stream.integer(1, 5);
  const facts = context.model.item(itemId);
  const answer = await ask(context, requests.restock(itemId, quantity));
  if (answer?.status === 200) facts.restocked += quantity;
  else if (!isDecided(answer)) facts.maybeRestocked += quantity;
};

interface Delivery {
  readonly itemId: string;
  readonly key: string;
  readonly quantity: number;
}

/** The facts of a key; its entry is made before the request goes out. */
const factsOf = ({ model }: Pick<WorkloadContext, 'model'>, { itemId, key }: Delivery): KeyedRestock => {
  const { keyedRestocks } = model.item(itemId);
  const facts = keyedRestocks.get(key) ?? { asked: new Set(), confirmed: undefined };
  keyedRestocks.set(key, facts);
  return facts;
};

type Judging = Pick<WorkloadContext, 'model' | 'findings' | 'areKeysKept'>;

const judgeRestocked = (context: Judging, delivery: Delivery, { body }: Answer): void => {
  const { key, quantity } = delivery;
  const facts = factsOf(context, delivery);
  const answer = JSON.stringify(body);
  const { confirmed } = facts;
  facts.confirmed ??= { quantity, answer };
  if (!confirmed || !context.areKeysKept()) return;
  if (confirmed.quantity !== quantity) {
    const detail = `${confirmed.quantity} and ${quantity} units were both answered 200`;
    context.findings.add('an idempotency key stands for one restock', [key], detail);
  } else if (confirmed.answer !== answer) {
    const detail = `first ${confirmed.answer}, then ${answer}`;
    context.findings.add('a restock repeated under its key is answered as the first time', [key], detail);
  }
};

/** Why a refusal is not true, if it is not. */
const lieOf = (context: Judging, delivery: Delivery, answer: Answer): string | undefined => {
  const { confirmed, asked } = factsOf(context, delivery);
  switch (codeOf(answer)) {
    case 'IDEMPOTENCY_KEY_REUSED':
      if (asked.size < 2) return 'nothing else was asked under the key';
      return confirmed?.quantity === delivery.quantity && context.areKeysKept()
        ? 'the same was answered 200'
        : undefined;
    case 'ITEM_NOT_FOUND': {
      const added = context.model.item(delivery.itemId).confirmed;
      return added && added.at <= answer.askedAt ? 'the item had been added before' : undefined;
    }
    default:
      return 'a restock is not refused with that';
  }
};

/** Checks an answer to a restock under a key, and records what it says. */
export const judgeKeyedRestock = (context: Judging, delivery: Delivery, answer: Answer): void => {
  if (answer.status === 200) return judgeRestocked(context, delivery, answer);
  const lie = lieOf(context, delivery, answer);
  if (lie !== undefined)
    context.findings.add(
      'a refused restock was refused rightly',
      [delivery.key],
      `${codeOf(answer)}: ${lie}`,
    );
};

const deliver = async (context: WorkloadContext, stream: Stream, delivery: Delivery): Promise<void> => {
  const { itemId, key, quantity } = delivery;
  factsOf(context, delivery).asked.add(quantity);
  const request = requests.restock(itemId, quantity, key);
  const { answer } = await callUntilDecided(context, stream, request, stream.integer(1, 5));
  if (answer) judgeKeyedRestock(context, delivery, answer);
};

const MAX_DELIVERIES = 2;

/** Restocks an item under keys: repeated when no answer comes, later once more, and with another body under the same key. */
export const restockUnderKeys = async (
  context: WorkloadContext,
  stream: Stream,
  itemId: string,
  arrivesAfterMs: () => number,
): Promise<void> => {
  const acts: Promise<void>[] = [];
  const later = (delivery: Delivery): void => {
    const wait = context.world.time.sleep(arrivesAfterMs());
    acts.push(wait.then(() => deliver(context, stream, delivery)));
  };
  for (let count = stream.integer(0, MAX_DELIVERIES); count > 0; count -= 1) {
    const delivery = { itemId, key: `${itemId}-delivery-${count}`, quantity: stream.integer(1, 5) };
    later(delivery);
    if (stream.chance(0.6)) later(delivery);
    if (stream.chance(0.3)) later({ ...delivery, quantity: delivery.quantity + 1 });
  }
  await Promise.all(acts);
};
