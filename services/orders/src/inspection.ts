import {
  inspectionApi,
  ORDER_LIFECYCLE,
  reservationsApi,
  TOPIC_PARTIES,
  type EventMessage,
  type HistoryEntry,
  type InspectedOrder,
  type OrderEvent,
} from '@order-pipeline/contracts';
import { encodeEvent } from '@order-pipeline/messaging';
import {
  isTransient,
  ok,
  routesOf,
  type CallContext,
  type Route,
  type ServiceClients,
} from '@order-pipeline/service-kit';
import { notHere } from './refusals.ts';
import type { OrderRow, OrdersStore } from './store/index.ts';

interface InspectionParts {
  readonly store: Pick<OrdersStore, 'findKnown' | 'readHistory'>;
  readonly clients: Pick<ServiceClients, 'call'>;
}

/** The state of the stock is left out while the inventory does not answer. */
const reservationOf = async (
  { clients }: InspectionParts,
  { id, reservationId }: OrderRow,
  call: CallContext,
): Promise<InspectedOrder['reservation']> => {
  try {
    const { reservations } = await clients.call(
      reservationsApi.findReservations,
      { body: { orderIds: [id] } },
      call,
    );
    const found = reservations.find((reservation) => reservation.reservationId === reservationId);
    return { reservationId, ...(found ? { state: found.state } : {}) };
  } catch (error) {
    if (!isTransient(error)) throw error;
    return { reservationId };
  }
};

/** The messages of the statuses that are announced, each with where it stood when it moved the order, or was published as the last. */
const messagesOf = (
  { id, userId, lines }: OrderRow,
  history: readonly HistoryEntry[],
  { trace }: CallContext,
): EventMessage[] =>
  history.flatMap(({ status, at, published }) => {
    const { topic } = ORDER_LIFECYCLE[status];
    if (topic === null) return [];
    const event = { orderId: id, userId, items: lines, status, at } as OrderEvent;
    const { headers = {} } = encodeEvent({ event, trace }, TOPIC_PARTIES[topic].from);
    const { traceparent: _, ...shown } = headers as Record<string, string>;
    const position = published ?? history.find((step) => step.event?.topic === topic)?.event;
    return [
      {
        topic,
        ...(position && { partition: position.partition, offset: position.offset }),
        key: id,
        value: { ...event },
        headers: shown,
      },
    ];
  });

/** What operators ask about one order: a look at what is stored, and no change. */
export const createInspectionRoutes = (parts: InspectionParts): Route[] =>
  routesOf(inspectionApi, {
    inspectOrder: async ({ params: { orderId } }, call) => {
      const { orders, archived } = await parts.store.findKnown([orderId]);
      const row = orders.get(orderId);
      if (!row) return notHere(orderId, archived.get(orderId));
      const [reservation, history] = await Promise.all([
        reservationOf(parts, row, call),
        parts.store.readHistory(orderId),
      ]);
      return ok({ orderId, reservation, events: messagesOf(row, history, call) });
    },
  });
