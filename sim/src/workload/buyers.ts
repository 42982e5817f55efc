import { ORDER_STATUSES, type NewOrder, type OrderStatus } from '@order-pipeline/contracts';
import type { Stream } from '../world/streams.ts';
import type { Answer } from './client.ts';
import { isSameContent } from './content.ts';
import { ask, codeOf, insist, isDecided, requests, type Shop } from './shop.ts';
import { judgeRefusal } from './refusals.ts';

const hasStatus = (value: unknown): value is { status: OrderStatus } =>
  typeof value === 'object' &&
  value !== null &&
  'status' in value &&
  (ORDER_STATUSES as readonly unknown[]).includes(value.status);

/** Places an order, insisting, and notes what it was told. */
export const place = async (shop: Shop, stream: Stream, order: NewOrder): Promise<void> => {
  const { book, world } = shop;
  const facts = book.order(order.orderId);
  facts.asked.push({ content: order, at: world.time.now() });
  const { answer, wasOpen } = await insist(shop, stream, requests.place(order), stream.integer(1, 6));
  if (wasOpen) facts.isOpen = true;
  if (!answer) return;
  if (answer.status !== 201) return judgeRefusal(shop, order, answer);
  const { confirmed } = facts;
  if (confirmed && !isSameContent(confirmed.content, order))
    shop.findings.add(
      'an order id stands for one content',
      [order.orderId],
      'two contents were answered 201',
    );
  facts.confirmed ??= { content: order, at: answer.heardAt };
};

const STATUS_IN_SENTENCE = /^Order cannot be cancelled\. Current status: ([A-Z]+)$/;

const noteRefusedCancel = ({ book, findings }: Shop, orderId: string, answer: Answer): void => {
  const sentence =
    typeof answer.body === 'object' && answer.body !== null && 'error' in answer.body
      ? String(answer.body.error)
      : '';
  const status = ORDER_STATUSES.find((one) => one === STATUS_IN_SENTENCE.exec(sentence)?.[1]);
  if (status && status !== 'PENDING') book.saw(orderId, status, answer.askedAt, answer.heardAt);
  else findings.add('a refused cancellation says where the order stands', [orderId], sentence);
};

const noteMissing = ({ book, findings }: Shop, orderId: string, answer: Answer): void => {
  const { confirmed } = book.order(orderId);
  if (confirmed && confirmed.at <= answer.askedAt)
    findings.add(
      'an order that was answered 201 is there',
      [orderId],
      `then it was answered ${answer.status}`,
    );
};

/** Cancels an order, insisting. */
export const cancel = async (shop: Shop, stream: Stream, orderId: string): Promise<void> => {
  const { book, findings } = shop;
  const { answer } = await insist(shop, stream, requests.cancel(orderId), stream.integer(1, 4));
  if (!answer) return;
  if (answer.status === 200) {
    book.order(orderId).isCancelConfirmed = true;
    book.saw(orderId, 'CANCELLED', answer.askedAt, answer.heardAt);
  } else if (answer.status === 400) noteRefusedCancel(shop, orderId, answer);
  else if (answer.status === 404) noteMissing(shop, orderId, answer);
  else findings.add('a cancellation is answered 200, 400 or 404', [orderId], String(answer.status));
};

/** Looks at an order. */
export const look = async (shop: Shop, orderId: string): Promise<void> => {
  const answer = await ask(shop, requests.order(orderId));
  if (!isDecided(answer)) return;
  if (answer.status === 404) return noteMissing(shop, orderId, answer);
  if (answer.status === 200 && hasStatus(answer.body))
    return shop.book.saw(orderId, answer.body.status, answer.askedAt, answer.heardAt);
  shop.findings.add('an order can be read', [orderId], `${answer.status} ${codeOf(answer)}`);
};

/** Reads the list of all orders: those that were confirmed by then are in it. */
export const lookAtAll = async (shop: Shop): Promise<void> => {
  const confirmed = [...shop.book.orders].filter(([, facts]) => facts.confirmed).map(([orderId]) => orderId);
  const answer = await ask(shop, requests.orders());
  if (!isDecided(answer) || !Array.isArray(answer.body)) return;
  const listed = new Map<unknown, unknown>(
    answer.body.map((order: { orderId?: unknown }) => [order.orderId, order] as const),
  );
  for (const orderId of confirmed) {
    const order = listed.get(orderId);
    if (!order)
      shop.findings.add('the list has every order that was answered 201', [orderId], 'it is missing');
    else if (hasStatus(order)) shop.book.saw(orderId, order.status, answer.askedAt, answer.heardAt);
  }
};
