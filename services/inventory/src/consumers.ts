import type { ReservationRef } from '@order-pipeline/contracts';
import type { EventConsumer, Messaging, ReceivedEvent } from '@order-pipeline/messaging';
import type { Runtime } from '@order-pipeline/service-kit';
import type { Logger } from 'pino';
import type { InventoryStore } from './store/index.ts';

/** When orders were shipped, as their events say; ISO 8601. */
type ShippedAt = ReadonlyMap<string, string>;

/**
 * Whether an order may stand in the archive, with its reservation: those in it were closed before a certain time, so they
 * were shipped before it. Where no event says when that was, any may.
 */
const mayBeArchived = (shippedAt: string | undefined, archivedUpTo: Date | undefined): boolean =>
  archivedUpTo !== undefined && (shippedAt === undefined || Date.parse(shippedAt) < archivedUpTo.getTime());

/**
 * Lets the stock of orders leave. A repeat finds nothing held; an order that was shipped without its stock being held
 * is logged as an error, since it must never happen, but for one that may be archived.
 *
 * @returns those whose stock could not leave because somebody keeps it locked: to be tried again
 */
export const consumeReservations = async (
  store: Pick<InventoryStore, 'findReservations' | 'consume' | 'archivedUpTo'>,
  orderIds: readonly string[],
  logger: Logger,
  shippedAt: ShippedAt = new Map(),
): Promise<readonly string[]> => {
  const reservations = await store.findReservations([...new Set(orderIds)]);
  const held: ReservationRef[] = reservations.filter(({ state }) => state === 'HELD');
  const { ended, locked } = held.length > 0 ? await store.consume(held) : { ended: [], locked: [] };
  for (const orderId of ended) logger.info({ orderId }, 'reservation consumed');
  const known = new Map(reservations.map(({ orderId, state }) => [orderId, state]));
  const isMissing = orderIds.some((orderId) => !known.has(orderId));
  const archivedUpTo = isMissing ? await store.archivedUpTo() : undefined;
  for (const orderId of orderIds) {
    const state = known.get(orderId);
    if (state === 'CONSUMED') logger.debug({ orderId }, 'reservation was consumed before, skipped');
    else if (state === undefined && mayBeArchived(shippedAt.get(orderId), archivedUpTo))
      logger.debug({ orderId }, 'reservation may be archived, skipped');
    else if (state !== 'HELD') logger.error({ orderId, state }, 'order shipped without a held reservation');
  }
  return locked;
};

/** On ORDER_SHIPPED the reservation becomes stock that has left. */
export const startInventoryConsumer = (options: {
  readonly messaging: Messaging;
  readonly store: InventoryStore;
  readonly runtime: Pick<Runtime, 'failpoint'>;
  readonly logger: Logger;
}): EventConsumer => {
  const handle = async (events: readonly ReceivedEvent[]): Promise<readonly ReceivedEvent[]> => {
    const orderIds = events.map(({ event }) => event.orderId);
    const shippedAt = new Map(events.map(({ event }) => [event.orderId, event.at]));
    const locked = new Set(await consumeReservations(options.store, orderIds, options.logger, shippedAt));
    await options.runtime.failpoint('inventory.afterConsumeBeforeCommit');
    return events.filter(({ event }) => locked.has(event.orderId));
  };
  return options.messaging.consume({
    group: 'inventory',
    topics: ['ORDER_SHIPPED'],
    handle,
    commitMode: 'auto',
  });
};
