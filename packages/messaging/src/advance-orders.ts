import {
  eventId,
  MAX_BATCH,
  orderLifecycleApi,
  PREDECESSOR,
  TOPIC_OF,
  serviceActor,
  type Input,
  type OrderEvent,
  type TransitionResult,
  type WorkerTarget,
} from '@order-pipeline/contracts';
import {
  readTraceparent,
  type CallContext,
  type ServiceClients,
  type Runtime,
  type Trace,
} from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { MessagePosition, TracedEvent } from './event-codec.ts';
import type { Publisher } from './publisher.ts';

/** An order that may be due for its next transition. */
export interface OrderToAdvance {
  readonly orderId: string;
  /** The trace that its next event continues. */
  readonly trace: Trace;
  /** The message that asks for it, if one does. */
  readonly position?: MessagePosition;
}

/**
 * Moves those of the orders that stand in the status before `to`, publishes what became of them, and only then
 * resolves, so that the caller may commit. An order that stands in `to` already has its event published again: the process that
 * moved it may have died before publishing. One that stands elsewhere is passed over. An order named twice is moved
 * and published once a batch of at most 1,000 orders.
 *
 * @returns those that could not be moved because somebody keeps their rows locked, and those whose events could not be
 *   published because their partitions take nothing: to be tried again
 *
 * @throws AppError UNAVAILABLE when the orders service or Kafka is down; doing all of it again is harmless
 */
export type AdvanceOrders = (
  orders: readonly OrderToAdvance[],
  /** The trace of what is done for all of them at once, if that is sampled. */
  batch?: Trace,
) => Promise<readonly OrderToAdvance[]>;

export interface AdvanceOptions {
  readonly to: WorkerTarget;
  /** What the order's history says moved it. */
  readonly cause: string;
  readonly clients: Pick<ServiceClients, 'call'>;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly runtime: Pick<Runtime, 'uuid' | 'failpoint'>;
  readonly logger: Logger;
}

type MoveBody = Input<typeof orderLifecycleApi.moveOrders>['body'];
type Advanced = Extract<TransitionResult, { order: unknown }>;

const eventOf = ({ order }: Advanced, to: WorkerTarget): OrderEvent => ({
  orderId: order.orderId,
  userId: order.userId,
  items: order.items,
  status: to,
  at: order.updatedAt,
});

/** One line an order: at info where its status has changed, at debug where nothing has. */
const logResult = (
  result: TransitionResult,
  { position, trace }: OrderToAdvance,
  { to, cause }: AdvanceOptions,
  logger: Logger,
): void => {
  const { outcome } = result;
  const fields = { ...position, traceId: trace.traceId, spanId: trace.spanId };
  if (outcome === 'LOCKED') {
    logger.debug({ orderId: result.orderId, to, ...fields }, 'order is locked, retrying');
    return;
  }
  if (outcome === 'SKIPPED') {
    logger.debug(
      { orderId: result.orderId, status: result.status, to, ...fields },
      'order skipped: it is not in the status before',
    );
    return;
  }
  const { orderId } = result.order;
  const moved = {
    orderId,
    eventId: eventId({ orderId, status: to }),
    from: PREDECESSOR[to],
    to,
    cause,
    ...fields,
  };
  if (outcome === 'MOVED') logger.info(moved, 'order status changed');
  else logger.debug(moved, 'order had this status already, republishing its event');
};

/** What is asked for several orders belongs to the trace of none of them. */
const batchTrace = ({ traceId, spanId }: Trace): Trace => ({ traceId, spanId });

/** The trace that an order's event continues: that of the message, or where none asked for it, that of its placing. */
const traceOf = (result: Advanced, { trace, position }: OrderToAdvance): Trace =>
  (position ? undefined : readTraceparent(result.traceparent)) ?? trace;

/** Where the messages stand that ask for it, as the orders service takes them; nothing where none does. */
const eventsOf = (orders: readonly OrderToAdvance[]): Pick<MoveBody, 'events'> =>
  orders.some(({ position }) => position)
    ? {
        events: orders.map(({ position }) =>
          position ? { partition: position.partition, offset: position.offset } : null,
        ),
      }
    : {};

const orderIdOf = (result: TransitionResult): string =>
  'order' in result ? result.order.orderId : result.orderId;

export const createAdvanceOrders = (options: AdvanceOptions): AdvanceOrders => {
  const { to, cause, clients, publisher, runtime } = options;

  /** @returns the ids of those that wait: they are locked, or their events are not published */
  const advanceBatch = async (
    orders: ReadonlyMap<string, OrderToAdvance>,
    batch: Trace | undefined,
  ): Promise<string[]> => {
    const [first] = orders.values();
    if (!first) return [];
    const requestId = runtime.uuid();
    const logger = options.logger.child({ requestId });
    const trace = batch ?? batchTrace(first.trace);
    const call: CallContext = { requestId, trace, actor: serviceActor(cause), logger };
    const body = { to, orderIds: [...orders.keys()], cause, ...eventsOf([...orders.values()]) };
    const { results } = await clients.call(orderLifecycleApi.moveOrders, { body }, call);
    const events: TracedEvent[] = [];
    for (const result of results) {
      const order = orders.get(orderIdOf(result));
      if (!order) continue;
      logResult(result, order, options, logger);
      if ('order' in result) events.push({ event: eventOf(result, to), trace: traceOf(result, order) });
    }
    const locked = results.filter(({ outcome }) => outcome === 'LOCKED').map(orderIdOf);
    if (events.length === 0) return locked;
    await runtime.failpoint('worker.afterMoveBeforePublish');
    const held = await publisher.publish(events);
    logger.debug({ topic: TOPIC_OF[to], events: events.length - held.length }, 'order events published');
    await runtime.failpoint('worker.afterPublishBeforeCommit');
    return [...locked, ...held.map(({ event }) => event.orderId)];
  };

  return async (orders, trace) => {
    const waiting = new Set<string>();
    for (let start = 0; start < orders.length; start += MAX_BATCH) {
      const batch = new Map<string, OrderToAdvance>();
      for (const order of orders.slice(start, start + MAX_BATCH)) {
        if (!batch.has(order.orderId)) batch.set(order.orderId, order);
      }
      for (const orderId of await advanceBatch(batch, trace)) waiting.add(orderId);
    }
    return orders.filter(({ orderId }) => waiting.has(orderId));
  };
};

/** What a received event asks for. */
export const orderToAdvance = (received: TracedEvent & MessagePosition): OrderToAdvance => ({
  orderId: received.event.orderId,
  trace: received.trace,
  position: { topic: received.topic, partition: received.partition, offset: received.offset },
});
