import { ORDER_STATUSES, type NewOrder, type OrderStatus } from '@order-pipeline/contracts';
import type { Stream } from '../world/streams.ts';
import type { Answer } from './client.ts';
import { isSameContent } from './content.ts';
import { noteArchived, noteUnlessArchived } from './archived.ts';
import {
  ARCHIVED,
  ask,
  codeOf,
  callUntilDecided,
  isDecided,
  requests,
  type WorkloadContext,
} from './context.ts';
import { judgeRejection } from './rejections.ts';

export const hasStatus = (value: unknown): value is { status: OrderStatus } =>
  typeof value === 'object' &&
  value !== null &&
  'status' in value &&
  (ORDER_STATUSES as readonly unknown[]).includes(value.status);

/** Places an order, retrying, and records what it observed. */
export const place = async (context: WorkloadContext, stream: Stream, order: NewOrder): Promise<void> => {
  const { model, world } = context;
  const facts = model.order(order.orderId);
  facts.asked.push({ content: order, at: world.time.now() });
  const { answer, wasOpen } = await callUntilDecided(
    context,
    stream,
    requests.place(order),
    stream.integer(1, 6),
  );
  if (wasOpen) facts.isOpen = true;
  if (!answer) return;
  if (answer.status !== 201) return judgeRejection(context, order, answer);
  const { confirmed } = facts;
  if (confirmed && !isSameContent(confirmed.content, order))
    context.findings.add(
      'an order id stands for one content',
      [order.orderId],
      'two contents were answered 201',
    );
  facts.confirmed ??= { content: order, at: answer.answeredAt };
};

const STATUS_IN_SENTENCE = /^Order cannot be cancelled\. Current status: ([A-Z]+)$/;

const noteRefusedCancel = ({ model, findings }: WorkloadContext, orderId: string, answer: Answer): void => {
  const sentence =
    typeof answer.body === 'object' && answer.body !== null && 'error' in answer.body
      ? String(answer.body.error)
      : '';
  const status = ORDER_STATUSES.find((one) => one === STATUS_IN_SENTENCE.exec(sentence)?.[1]);
  if (status && status !== 'PENDING') model.observe(orderId, status, answer.askedAt, answer.answeredAt);
  else findings.add('a refused cancellation says where the order stands', [orderId], sentence);
};

export const noteMissing = ({ model, findings }: WorkloadContext, orderId: string, answer: Answer): void => {
  const { confirmed } = model.order(orderId);
  if (confirmed && confirmed.at <= answer.askedAt)
    findings.add(
      'an order that was answered 201 is there',
      [orderId],
      `then it was answered ${answer.status}`,
    );
};

/** Cancels an order, insisting. */
export const cancel = async (
  context: WorkloadContext,
  stream: Stream,
  { orderId, userId }: NewOrder,
): Promise<void> => {
  const { model, findings } = context;
  const request = requests.cancel(orderId, userId);
  const { answer } = await callUntilDecided(context, stream, request, stream.integer(1, 4));
  if (!answer) return;
  if (answer.status === 200) {
    model.order(orderId).isCancelConfirmed = true;
    model.observe(orderId, 'CANCELLED', answer.askedAt, answer.answeredAt);
  } else if (answer.status === 400) noteRefusedCancel(context, orderId, answer);
  else if (answer.status === 404) noteMissing(context, orderId, answer);
  else if (answer.status === ARCHIVED) noteArchived(context, orderId, answer);
  else findings.add('a cancellation is answered 200, 400 or 404', [orderId], String(answer.status));
};

/** Looks at an order. */
export const look = async (context: WorkloadContext, { orderId, userId }: NewOrder): Promise<void> => {
  const answer = await ask(context, requests.order(orderId, userId));
  if (!isDecided(answer)) return;
  if (answer.status === 404) return noteMissing(context, orderId, answer);
  if (answer.status === ARCHIVED) return noteArchived(context, orderId, answer);
  if (answer.status === 200 && hasStatus(answer.body))
    return context.model.observe(orderId, answer.body.status, answer.askedAt, answer.answeredAt);
  context.findings.add('an order can be read', [orderId], `${answer.status} ${codeOf(answer)}`);
};

/** Reads the list of all orders: those that were confirmed by then are in it. */
export const lookAtAll = async (context: WorkloadContext): Promise<void> => {
  const confirmed = [...context.model.orders]
    .filter(([, facts]) => facts.confirmed)
    .map(([orderId]) => orderId);
  const answer = await ask(context, requests.orders());
  if (!isDecided(answer) || !Array.isArray(answer.body)) return;
  const listed = new Map<unknown, unknown>(
    answer.body.map((order: { orderId?: unknown }) => [order.orderId, order] as const),
  );
  for (const orderId of confirmed) {
    const order = listed.get(orderId);
    if (!order)
      noteUnlessArchived(context, orderId, answer, {
        promise: 'the list has every order that was answered 201',
        detail: 'it is missing',
      });
    else if (hasStatus(order))
      context.model.observe(orderId, order.status, answer.askedAt, answer.answeredAt);
  }
};
