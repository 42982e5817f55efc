import { ordersApi, type Input, type OrderWithTimes } from '@order-pipeline/contracts';
import {
  SECOND_MS,
  GONE,
  ok,
  type CallContext,
  type Handler,
  type Reply,
  type Runtime,
  type ServiceClients,
} from '@order-pipeline/service-kit';
import { etagOf, waitRequestOf, type WaitRequest } from './preferences.ts';
import type { BatchedReads } from './batched-reads.ts';
import type { Waiters } from './waiters.ts';

const { getOrder } = ordersApi;

type OrderReply = Reply<OrderWithTimes>;
type OrderParams = Input<typeof getOrder>['params'];

const isOrder = (reply: OrderReply): reply is OrderReply & { readonly body: OrderWithTimes } =>
  reply.status === 200;

/** An order with its ETag; without its content where the client has it. */
const answer = (reply: OrderReply, { isKnown }: WaitRequest, waitedS = 0): OrderReply => {
  if (!isOrder(reply)) return reply;
  const { status } = reply.body;
  const headers = {
    etag: etagOf(status),
    ...(waitedS > 0 ? { 'preference-applied': `wait=${waitedS}` } : {}),
  };
  return isKnown(status) ? { status: 304, body: undefined as never, headers } : { ...reply, headers };
};

interface OrderReadParts {
  readonly clients: Pick<ServiceClients, 'forward'>;
  readonly runtime: Pick<Runtime, 'monotonic'>;
}

/**
 * Makes what answers an order, at once or when what it is asked for has come about.
 *
 * @param reads how those who waited read their orders
 */
export const createOrderRead = (
  { clients, runtime }: OrderReadParts,
  waiters: Waiters,
  reads: Pick<BatchedReads, 'order'>,
): Handler<typeof getOrder> => {
  const read = (params: OrderParams, call: CallContext): Promise<OrderReply> =>
    clients.forward('orders-facade', getOrder, { params, query: {} }, call);

  /** What is answered without waiting; nothing where it has to wait. So that nobody who waits keeps an order. */
  const readNow = async (
    params: OrderParams,
    request: WaitRequest,
    call: CallContext,
  ): Promise<OrderReply | undefined> => {
    const reply = await read(params, call);
    const isOver = !isOrder(reply) || request.isSettled(reply.body.status);
    return isOver || request.waitS === 0 ? answer(reply, request, isOver ? request.waitS : 0) : undefined;
  };

  const readAgain = async (params: OrderParams, call: CallContext): Promise<OrderReply> => {
    const order = await reads.order(params.orderId);
    return order ? ok(order) : read(params, call);
  };

  return async ({ params, query, headers }, call) => {
    const request = waitRequestOf({ query, headers });
    const now = await readNow(params, request, call);
    if (now) return now;
    const since = runtime.monotonic();
    const end = await waiters.wait({
      orderId: params.orderId,
      isSettled: request.isSettled,
      timeoutMs: request.waitS * SECOND_MS,
      signal: call.signal,
    });
    call.held?.(runtime.monotonic() - since);
    if (end === 'gone') return GONE;
    const waited = end === 'settled' || end === 'missing' || end === 'expired';
    return answer(await readAgain(params, call), request, waited ? request.waitS : 0);
  };
};
